"""The vendor's wire: crypto, XML, validation and the /cgi-bin endpoints."""

"""nginx in front of the product refuses nothing that a form of the product takes."""

import re
from pathlib import Path

from django.conf import settings

from contacts.forms.files import FILE_BYTES

NGINX = Path(settings.BASE_DIR) / "deploy/nginx/qunce.conf.template"


def test_a_file_of_the_largest_size_that_a_form_takes_comes_through() -> None:
    whole, callbacks = (
        int(size) * {"k": 1024, "m": 1024**2}[unit]
        for size, unit in re.findall(r"client_max_body_size (\d+)([km]);", NGINX.read_text())
    )
    assert whole > FILE_BYTES
    assert callbacks >= settings.CALLBACK_BODY_BYTES

"""A company that lives through a camp on the simulator: what `make demo` shows and `make smoke` asserts.

It drives the product from outside: WeCom's side over the simulator's HTTP, time through the clock file, and the
few decisions an operator takes (types, answers, SOP, follow-ups) through the same services the console calls.
"""

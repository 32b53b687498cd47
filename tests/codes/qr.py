"""Read the words back from a code drawn by segno as SVG lines: a decoder for clean modules, without correction."""

import base64
import re
import struct
import zlib

DATA = 8  # bits of a byte-mode character


def modules(svg: str) -> list[list[bool]]:
    """The dark modules, quiet zone cut off."""
    path = re.search(r'class="qrline"[^>]* d="([^"]+)"', svg)
    assert path, "no code in this picture"
    dark, x, y = set(), 0.0, 0.0
    for letter, numbers in re.findall(r"([Mmh])([^Mmh]*)", path.group(1)):
        given = [float(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        if letter == "M":
            x, y = given
        elif letter == "m":
            x, y = x + given[0], y + given[1]
        else:
            dark |= {(int(x) + step, int(y)) for step in range(int(given[0]))}
            x += given[0]
    left, top = min(one[0] for one in dark), min(one[1] for one in dark)
    side = max(one[0] for one in dark) - left + 1
    return [[(column + left, row + top) in dark for column in range(side)] for row in range(side)]


MASKS = (
    lambda r, c: (r + c) % 2 == 0, lambda r, c: r % 2 == 0, lambda r, c: c % 3 == 0, lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0, lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0, lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)  # fmt: skip
CENTRES = {
    2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46),
    10: (6, 28, 50),
}  # fmt: skip
# (version, level) -> (blocks of each size, their data codewords): what segno picks for addresses of our length.
BLOCKS = {
    (4, "L"): [(1, 80)], (4, "M"): [(2, 32)], (5, "L"): [(1, 108)], (5, "M"): [(2, 43)], (6, "L"): [(2, 68)],
    (6, "M"): [(4, 27)], (7, "L"): [(2, 78)], (7, "M"): [(4, 31)], (5, "Q"): [(2, 15), (2, 16)], (6, "Q"): [(4, 19)],
    (8, "L"): [(2, 97)], (8, "M"): [(2, 38), (2, 39)], (7, "Q"): [(2, 14), (4, 15)], (4, "Q"): [(2, 24)],
    (6, "H"): [(4, 15)], (5, "H"): [(2, 11), (2, 12)], (7, "H"): [(4, 13), (1, 14)], (8, "Q"): [(4, 18), (2, 19)],
    (9, "L"): [(2, 116)], (9, "M"): [(3, 36), (2, 37)], (3, "L"): [(1, 55)], (3, "M"): [(1, 44)],
    (10, "L"): [(2, 68), (2, 69)],
}  # fmt: skip


def _is_function(r: int, c: int, side: int, version: int) -> bool:
    if (r < 9 and c < 9) or (r < 9 and c >= side - 8) or (r >= side - 8 and c < 9) or r == 6 or c == 6:
        return True
    if version >= 7 and ((r < 6 and c >= side - 11) or (c < 6 and r >= side - 11)):
        return True
    corners = {(6, 6), (6, side - 7), (side - 7, 6)}
    centres = CENTRES.get(version, ())
    return any(abs(r - a) <= 2 and abs(c - b) <= 2 for a in centres for b in centres if (a, b) not in corners)


def text_of(grid: list[list[bool]]) -> str:
    """The words in the code. Raises AssertionError for what this small reader does not know."""
    side = len(grid)
    version = (side - 17) // 4
    told = 0
    for c in (0, 1, 2, 3, 4, 5, 7, 8):
        told = told * 2 + grid[8][c]
    told = (told << 7) >> 7
    level = "MLHQ"[(told >> 6) ^ 0b10]
    mask = MASKS[((told >> 3) & 7) ^ 0b101]
    bits, upward, c = [], True, side - 1
    while c > 0:
        c -= c == 6
        for r in range(side - 1, -1, -1) if upward else range(side):
            bits += [
                grid[r][one] ^ mask(r, one) for one in (c, c - 1) if not _is_function(r, one, side, version)
            ]
        upward, c = not upward, c - 2
    words = [int("".join("01"[one] for one in bits[at : at + 8]), 2) for at in range(0, len(bits) - 7, 8)]
    sizes = [size for count, size in BLOCKS[version, level] for _ in range(count)]
    blocks: list[list[int]] = [[] for _ in sizes]
    at = 0
    for place in range(max(sizes)):
        for number, size in enumerate(sizes):
            if place < size:
                blocks[number].append(words[at])
                at += 1
    stream = "".join(f"{one:08b}" for block in blocks for one in block)
    assert stream[:4] == "0100", "only bytes are read here"
    wide = 8 if version < 10 else 16
    length = int(stream[4 : 4 + wide], 2)
    start = 4 + wide
    raw = bytes(int(stream[start + DATA * n : start + DATA * (n + 1)], 2) for n in range(length))
    return raw.decode()


def text_in_poster(svg: str) -> str:
    """The words in the code that a poster carries."""
    found = re.search(r'<image [^>]*href="data:image/svg\+xml;base64,([^"]+)"', svg)
    assert found, "no code on this poster"
    return text_of(modules(base64.b64decode(found.group(1)).decode()))


def text_in_picture(png: bytes) -> str:
    """The words in the one code of a picture with nothing darker than it, as `campaigns` makes them."""
    rows = _dark(png)
    finder = _finder(rows)
    assert finder, "no code in this picture"
    left, top, module, side = finder
    middle = module / 2
    return text_of(
        [
            [rows[int(top + r * module + middle)][int(left + c * module + middle)] for c in range(side)]
            for r in range(side)
        ]
    )


def _dark(png: bytes) -> list[list[bool]]:
    """Which pixels of an eight-bit RGBA picture are black."""
    at, data, width, height = 8, b"", 0, 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 6), "not the kind of picture that is made here"
        data += body if kind == b"IDAT" else b""
        at += size + 12
    raw, step = zlib.decompress(data), 4
    line, before, rows = width * step, bytearray(width * step), []
    for number in range(height):
        start = number * (line + 1)
        how, row = raw[start], bytearray(raw[start + 1 : start + 1 + line])
        for place in range(line):
            a = row[place - step] if place >= step else 0
            b, c = before[place], before[place - step] if place >= step else 0
            row[place] = (row[place] + (0, a, b, (a + b) // 2, _paeth(a, b, c))[how]) & 255
        rows.append([max(row[one : one + 3]) == 0 for one in range(0, line, step)])
        before = row
    return rows


def _paeth(a: int, b: int, c: int) -> int:
    guess = a + b - c
    return min((a, b, c), key=lambda one: abs(guess - one))


def _finder(rows: list[list[bool]]) -> tuple[int, int, float, int] | None:
    """(left, top, pixels a module, modules a side) of the code, by the bar of seven modules at its corner."""
    dark = [(x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    if not dark:
        return None
    left, right = min(x for x, _y in dark), max(x for x, _y in dark)
    top = min(y for _x, y in dark)
    bar = 0
    while rows[top][left + bar]:
        bar += 1
    module = bar / 7
    side = 17 + 4 * round(((right - left + 1) / module - 17) / 4)
    return left, top, (right - left + 1) / side, side

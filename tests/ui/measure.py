"""What is measured on every screen, from the geometry and the colours that are really drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.ui.drawing import NO_GROUP, Box, Poly, Run, Shape, Sheet, extent
from kiosk.ui.theme import Rect, Rgb, luminance

LEAST_TARGET = 60
LEAST_GAP = 8
LEAST_CONTRAST = 7.0
LEAST_CONTRAST_HIGH = 20.0
WHITE: Rgb = (1.0, 1.0, 1.0)
LEAST_CODE = 100
LEAST_EDGE_CONTRAST = 3.0
LEAST_LINE_SPACING = 1.3


def problems(sheet: Sheet) -> Iterator[str]:
    """Everything that breaks a number of the design, in words."""
    yield from (f"does not fit: {overflow}" for overflow in sheet.overflows)
    yield from targets(sheet)
    yield from texts(sheet)
    yield from outside(sheet)
    yield from covered(sheet)
    yield from faint(sheet)
    yield from edges(sheet)
    yield from codes(sheet)


def gap(one: Rect, other: Rect) -> float:
    """Distance between two rectangles along the better axis; negative where they overlap."""
    across = max(other.x - one.right, one.x - other.right)
    along = max(other.y - one.bottom, one.y - other.bottom)
    return max(across, along)


def targets(sheet: Sheet) -> Iterator[str]:
    for i, (control, rect) in enumerate(sheet.targets):
        if min(rect.width, rect.height) < LEAST_TARGET:
            yield f"{control.id} is only {rect.width:.0f}×{rect.height:.0f}"
        for other, place in sheet.targets[i + 1 :]:
            if gap(rect, place) < LEAST_GAP - 0.01:
                yield f"{control.id} and {other.id} are {gap(rect, place):.1f} apart"
    ids = [control.id for control, _ in sheet.targets]
    if len(ids) != len(set(ids)):
        yield f"two controls have one id: {ids}"


def texts(sheet: Sheet) -> Iterator[str]:
    for run in sheet.runs:
        if run.size < sheet.theme.smallest:
            yield f"text of {run.size} ({len(run.text)} characters)"
    for i, run in enumerate(sheet.runs):
        for other in sheet.runs[i + 1 :]:
            apart = (other.y - run.y) / run.size
            same = (other.size, other.group, other.bold) == (run.size, run.group, run.bold)
            beside = other.x >= run.x + run.width or run.x >= other.x + other.width
            if same and not beside and 0.5 < apart < LEAST_LINE_SPACING - 0.01:
                yield f"lines of {run.size} are {apart:.2f} of that apart"


def ink(run: Run) -> Rect:
    """Where the letters of a line are, without the air of its line box."""
    middle = run.y + run.height / 2 + 0.05 * run.size
    return Rect(run.x, middle - 0.42 * run.size, run.width, 0.84 * run.size)


def outside(sheet: Sheet) -> Iterator[str]:
    width, height = sheet.theme.size
    things = [(f"{type(shape).__name__}", extent((shape,))) for shape in sheet.shapes]
    things += [(f"text of {len(run.text)} characters", ink(run)) for run in sheet.runs]
    things += [(control.id, rect) for control, rect in sheet.targets]
    for what, rect in things:
        if rect.x < -1 or rect.y < -1 or rect.right > width + 1 or rect.bottom > height + 1:
            yield f"{what} lies outside the display: {rect}"


def covered(sheet: Sheet) -> Iterator[str]:
    """Words on words, words on a strange control, words beside their own control."""
    inks = [(run, ink(run)) for run in sheet.runs]
    for i, (run, rect) in enumerate(inks):
        for other, place in inks[i + 1 :]:
            beside = abs(run.y - other.y) < 20 and run.group == other.group and gap(rect, place) > -0.6 * run.size
            if gap(rect, place) < -3 and not beside:
                yield f"words on words in {_owner(sheet, run)} and {_owner(sheet, other)} by {-gap(rect, place):.0f}"
        for group, (control, place) in enumerate(sheet.targets):
            if run.group == group:
                if not _within(rect, place, 14 if control.role == "aid" else 2):
                    yield f"the words of {control.id} stand out of it"
            elif gap(rect, place) < -2:
                yield f"words of {_owner(sheet, run)} on {control.id}"


def _within(rect: Rect, place: Rect, by: float) -> bool:
    return (
        rect.x >= place.x - by
        and rect.y >= place.y - by
        and rect.right <= place.right + by
        and rect.bottom <= place.bottom + by
    )


def _owner(sheet: Sheet, run: Run) -> str:
    if run.group != NO_GROUP:
        return sheet.targets[run.group].control.id
    return next((label.id for label in sheet.labels if gap(label.rect, ink(run)) < 0), "text")


def faint(sheet: Sheet) -> Iterator[str]:
    least = LEAST_CONTRAST_HIGH if sheet.theme.high_contrast else LEAST_CONTRAST
    lowest = min((ink(run).height for run in sheet.runs), default=0.0)
    grounds = [*_grounds(sheet.shapes, lowest), *_grounds(sheet.backdrop, lowest)]
    for run in sheet.runs:
        ground = _ground(grounds, ink(run), sheet.theme.colour("paper"))
        ratio = contrast_ratio(run.colour, ground)
        # paper is white and QR codes are dark whatever the mode
        if ratio < (least if ground != (1.0, 1.0, 1.0) else min(least, 16.0)):
            yield f"{_owner(sheet, run)} is written at {ratio:.1f} : 1"


def _grounds(shapes: Sequence[Shape], lowest: float) -> Iterator[tuple[Rect, Rgb]]:
    """What words may stand on, the topmost first: filled shapes that are high enough for a line."""
    for shape in reversed(shapes):
        if isinstance(shape, Poly) or shape.stroke == 0:
            place = extent((shape,))
            if place.height >= lowest:
                yield place, shape.colour


def _ground(grounds: Sequence[tuple[Rect, Rgb]], rect: Rect, paper: Rgb) -> Rgb:
    """The colour of the topmost filled shape that holds the whole line."""
    left, top, right, bottom = rect.x + 2, rect.y, rect.right - 2, rect.bottom
    for place, colour in grounds:
        if place.x <= left and place.y <= top and place.right >= right and place.bottom >= bottom:
            return colour
    return paper


def edges(sheet: Sheet) -> Iterator[str]:
    """Buttons that can hardly be told from what they lie on: neither edge nor face stands out at 3 : 1."""
    paper = sheet.theme.colour("paper")
    for group, (control, rect) in enumerate(sheet.targets):
        if not control.enabled or control.role == "aid" or (rect.width, rect.height) == sheet.theme.size:
            continue  # an aid is its icon and its word; the black screen is one button
        own = [shape for shape in sheet.shapes if shape.group == group and _frames(extent((shape,)), rect)]
        best = max((contrast_ratio(shape.colour, paper) for shape in own), default=0.0)
        if best < LEAST_EDGE_CONTRAST:
            yield f"the edge of {control.id} stands out at {best:.1f} : 1"


def _frames(place: Rect, rect: Rect) -> bool:
    """Whether a shape goes round the control or fills it."""
    return _within(rect, place, 12) and _within(place, rect, 12)


def codes(sheet: Sheet) -> Iterator[str]:
    """Words on a QR code: it lies in a square of white with sharp corners."""
    squares = [
        extent((shape,))
        for shape in sheet.shapes
        if isinstance(shape, Box) and shape.colour == WHITE and not shape.stroke and not shape.radius
        and shape.half_width == shape.half_height >= LEAST_CODE / 2
    ]  # fmt: skip
    for run in sheet.runs:
        if any(gap(ink(run), square) < -1 for square in squares):
            yield f"words of {_owner(sheet, run)} on a QR code"


def contrast_ratio(one: Rgb, other: Rgb) -> float:
    """Contrast between two colours after WCAG 2.2, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)

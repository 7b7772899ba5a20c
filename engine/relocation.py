"""What a move, a change of looks or a paste asks for, in picture pixels: what is left, what is reached. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine import placing
from engine.errors import BadRequest
from engine.placing import Matrix
from engine.points import Points
from engine.request import EditRequest

_SAME_PLACE = 0.5  # pixels: a shorter way is none
_WHOLE = 0.98  # of a thing that is still in the picture: what is missing is not worth a word


@dataclass(frozen=True, eq=False)
class Relocation:
    """Areas of a picture, (H, W) uint8, 0..255.

    Attributes:
        old: what the thing leaves; nothing of it where it comes from elsewhere or stays.
        new: where it will be.
        changing: what may change.
        matrix: the thing's own pixels (of the picture, or of the example) to the picture's.
        way: places in the mask's box to where they go; the handles of drag points go along.
        notes: sentences for the artist.
    """

    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    changing: NDArray[np.uint8]
    matrix: Matrix
    way: Matrix
    notes: tuple[str, ...] = ()

    def marks(self, points: Points) -> NDArray[np.float64]:
        """(n, 2): where the handles of points (n, 2, 2) come to, which need not be their targets: they share a way."""
        marks: NDArray[np.float64] = points[:, 0] @ self.way[:, :2].T + self.way[:, 2]
        return marks


def way(request: EditRequest, shift: tuple[float, float], scale: float, turn: float) -> Matrix:
    """Where the mask's box goes; drag points say it instead of the shift, several of them instead of all.

    Args:
        shift: (x, y), pixels.
        scale: 1 = the same size.
        turn: degrees, clockwise, about the middle of the mask's box.

    Raises:
        BadRequest: nothing is selected, or the points ask for a size that is too small or too large.
    """
    points = request.points
    if points is not None and len(points) > 1:
        return placing.fitted(points)
    if points is not None:
        shift = tuple(points[0, 1] - points[0, 0])
    return placing.about(placing.middle(placing.box_of(_mask(request))), shift, scale, turn)


def move(request: EditRequest, matrix: Matrix) -> Relocation:
    """The masked thing goes elsewhere, as `way` says.

    Raises:
        BadRequest: nothing is asked, or nothing of the thing would be left in the picture.
    """
    mask = _mask(request)
    x, y, width, height = placing.box_of(mask)
    corners = np.array([(x, y, 1), (x + width, y, 1), (x, y + height, 1), (x + width, y + height, 1)], float)
    if np.hypot(*(corners @ matrix.T - corners[:, :2]).T).max() < _SAME_PLACE:
        raise BadRequest("The selected thing would stay as it is. Say where it should go, how large, or how turned.")
    new, notes = _arrived(placing.carried_mask(mask, matrix), float(mask.sum()) * placing.area(matrix))
    return Relocation(mask, new, np.maximum(mask, new), matrix, matrix, notes)


def looks(request: EditRequest) -> Relocation:
    """The masked thing stays and looks like the example.

    Raises:
        BadRequest: there is no example, or it is the thing itself.
    """
    mask, exemplar = _mask(request), _exemplar(request)
    same = exemplar.shape[:2] == mask.shape and np.array_equal(exemplar[..., :3], request.image)
    if same and np.array_equal(exemplar[..., 3] > 0, mask > 0):
        raise BadRequest("The example is the selected thing itself. Mark another part of the picture, or drop another.")
    return Relocation(np.zeros_like(mask), mask, mask, np.eye(2, 3), np.eye(2, 3))


def paste(request: EditRequest, away: Matrix) -> Relocation:
    """The example comes into the box of the mask, and from there to where `way` says.

    Raises:
        BadRequest: there is no example, or nothing of it would be in the picture.
    """
    mask, exemplar = _mask(request), _exemplar(request)
    matrix = placing.after(placing.into(placing.box_of(exemplar[..., 3]), placing.box_of(mask)), away)
    alpha = exemplar[..., 3].astype(np.float32) * np.float32(255 / np.iinfo(exemplar.dtype).max)
    size = mask.shape[1], mask.shape[0]
    carried = cast(NDArray[np.uint8], np.rint(placing.carried(alpha, matrix, size)).astype(np.uint8))
    new, notes = _arrived(carried, float(alpha.sum()) * placing.area(matrix))
    return Relocation(np.zeros_like(mask), new, np.maximum(placing.carried_mask(mask, away), new), matrix, away, notes)


def _arrived(new: NDArray[np.uint8], whole: float) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """What arrives in the picture, and what to say about it.

    Args:
        whole: sum of the mask if nothing were lost.
    """
    if not (new > 127).any():
        raise BadRequest("Nothing of the thing would be seen in the picture. Move it less far, or make it larger.")
    if float(new.sum()) < _WHOLE * whole:
        return new, ("A part of the thing lies outside of the picture and was cut off.",)
    return new, ()


def _mask(request: EditRequest) -> NDArray[np.uint8]:
    if request.mask is None:
        raise BadRequest("Nothing is selected. Select the thing, with its shadow if that should come along.")
    return request.mask


def _exemplar(request: EditRequest) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if request.exemplar is None:
        raise BadRequest("There is no example. Drop a picture on the canvas, and mark what should be taken from it.")
    return request.exemplar

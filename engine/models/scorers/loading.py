"""Loading of scorers in a host; towers that several of them use are loaded once."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar

from engine.contract.model_host import LoadContext
from engine.models.scorers.aesthetic import Aesthetic
from engine.models.scorers.clipscore import ClipScore
from engine.models.scorers.device_modules import Precision, settled
from engine.models.scorers.encoders import Tower
from engine.models.scorers.hpsv2 import HpsV2, load_hps_tower
from engine.models.scorers.imagereward import load_imagereward
from engine.models.scorers.models import OPEN_CLIP_CONFIG, Metric, ScoringOptions, wanted_by
from engine.models.scorers.pickscore import PickScore
from engine.models.scorers.regression_head import RegressionHead
from engine.models.scorers.scorer import LoadedScorer
from engine.models.scorers.vqascore import load_vqascore
from engine.models.weights import RequiredWeights, check_hash, identity, load_tensors, require

if TYPE_CHECKING:
    from collections.abc import Callable


T = TypeVar("T")


class _How(TypedDict):
    precision: Precision
    identity: str
    device: str
    batch: int


class Loader:
    """Load the scorers that the options name, on the host's device.

    Args:
        options: Scorers to load.
        place: Place to load them in.

    Raises:
        Blocked: Weights are missing or wrong.
    """

    def __init__(self, options: ScoringOptions, place: LoadContext) -> None:
        self.options = options
        self.place = place
        self.device = place.device
        self.precision = settled(options.precision, self.device)
        self._wanted = {item.name: item for item in wanted_by(options, options.parts)}

    def scorer(self, metric: Metric) -> LoadedScorer:
        """Return a scorer with its weights."""
        loaders: dict[Metric, Callable[[], LoadedScorer]] = {
            "pickscore": lambda: PickScore(self.tower("pickscore", "pickscore.processor")),
            "clipscore": lambda: ClipScore(self.tower("clipscore")),
            "aesthetic": self._aesthetic,
            "vqascore": self._vqascore,
            "hpsv2": self._hpsv2,
            "imagereward": self._imagereward,
        }
        return loaders[metric]()

    def tower(self, name: str, processor: str = "") -> Tower:
        """Return a CLIP model, shared with other scorers that use it."""
        wanted = self._wanted[name]
        folder = require(wanted)
        how = self._how(wanted, folder)
        if wanted.needs[0] == OPEN_CLIP_CONFIG:
            return self._shared("open_clip", how, lambda: _open_clip(folder, how))
        beside = require(self._wanted[processor]) if processor else folder
        return self._shared(f"clip {beside}", how, lambda: _transformers(folder, beside, how))

    def _aesthetic(self) -> LoadedScorer:
        file = require(self._wanted["aesthetic"])
        check_hash(self._wanted["aesthetic"], file)
        head = RegressionHead(load_tensors(file), file.name)
        named = identity(self._wanted["aesthetic"], file)
        return Aesthetic(self.tower("aesthetic.tower"), head, named)

    def _vqascore(self) -> LoadedScorer:
        wanted, options = self._wanted["vqascore"], self.options
        folder = require(wanted)
        how = self._how(wanted, folder)
        kind = f"vqa {options.vqascore_template} {options.vqascore_answer}"
        return self._shared(
            kind,
            how,
            lambda: load_vqascore(
                folder,
                template=options.vqascore_template,
                answer=options.vqascore_answer,
                **how,
            ),
        )

    def _hpsv2(self) -> LoadedScorer:
        wanted, architecture = self._wanted["hpsv2"], self.options.hpsv2_architecture
        file = require(wanted)
        how = self._how(wanted, file)
        tower = self._shared(
            f"hps {architecture}", how, lambda: load_hps_tower(file, architecture, **how)
        )
        return HpsV2(tower)

    def _imagereward(self) -> LoadedScorer:
        wanted = self._wanted["imagereward"]
        file, tokenizer = require(wanted), require(self._wanted["imagereward.tokenizer"])
        how = self._how(wanted, file)
        return self._shared("imagereward", how, lambda: load_imagereward(file, tokenizer, **how))

    def _how(self, wanted: RequiredWeights, path: Path) -> _How:
        return {
            "precision": self.precision,
            "identity": identity(wanted, path),
            "device": self.device,
            "batch": self.options.batch,
        }

    def _shared(self, kind: str, how: _How, build: "Callable[[], T]") -> T:
        key = f"{kind}|{how['identity']}|{how['precision']}|{how['device']}|{how['batch']}"
        return self.place.shared(key, build)


def _open_clip(folder: Path, how: _How) -> Tower:
    from engine.models.scorers.open_clip_tower import load_open_clip

    return load_open_clip(folder, **how)


def _transformers(folder: Path, processor: Path, how: _How) -> Tower:
    from engine.models.scorers.transformers_tower import load_transformers_clip

    return load_transformers_clip(folder, processor, **how)

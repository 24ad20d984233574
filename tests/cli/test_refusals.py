from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import torch

from tests.cli.calls import TINY, call, refuse

REFUSALS = {
    "word": ("train foo", "expected key=value, got 'foo'"),
    "no key": ("config =3", "expected key=value, got '=3'"),
    "model": ("train model=gaug", "unknown model 'gaug'; available: cnn", "did you mean gauge"),
    "model twice": ("train model=gauge model=gcn", "model= is given twice: gauge and gcn"),
    "key": ("train domain.levl=3", "unknown key 'domain.levl'; did you mean domain.level"),
    "option of another method": ("config model=gcn model.max_order=2", "not used by method gcn"),
    "key of another domain": ("config domain.bandwidth=8", "uses domain.level"),
    "head": ("config model.classification.head.hiden=[8]", "did you mean", "head.hidden?"),
    "stage": ("train model.classification.stages[0].channels=-3", "channels >= 1"),
    "stage index": ("config model.classification.stages[9].channels=3", "out of range"),
    "combination": ("config model=s2cnn domain.kind=mesh", "s2cnn on lat_lon; mesh with gauge"),
    "task of model": ("config model=p4_25k task=segmentation", "it has classification"),
    "task": ("config task=painting", "expected one of classification, segmentation"),
    "input of pictures": ("config data.input=xyz", "data.input=xyz: pictures are read as they are"),
    "unknown input": ("config data.input=colour", "expected some of values, xyz, curvature, hks"),
    "units of pictures": ("config data.standardise=true", "pictures keep their grey values"),
    "task of data": ("config task=regression", "data.name=digits ask for task=classification or"),
    "mesh path": ("train domain.kind=mesh domain.file=no.ply", "no mesh file at"),
    "data path": ("train data.name=mnist data.root=nowhere", "data.download=true"),
    "data name": ("train data.name=mnits", "did you mean mnist?"),
    "level": ("train domain.level=-1", "0 <= domain.level <= 7, got -1"),
    "size": ("config data.train_size=-4", "data.train_size: expected at least 1"),
    "too many": ("train data.train_size=9999", "digits has 1297"),
    "seed": ("config data.seed=-1", "data.seed: expected at least 0"),
    "rate": ("config train.learning_rate=0", "expected a number in (0, 1e+36), got 0"),
    "no rate": ("config train.learning_rate=.nan", "expected a finite number, got nan"),
    "huge rate": ("config train.learning_rate=1e38", "expected a number in (0, 1e+36), got 1e+38"),
    "pose": ("train data.rotation=twice", "expected one of none, z, so3"),
    "loss": ("train domain.level=2 train.loss=l2", "train.loss: expected one of"),
    "precision": ("train domain.level=2 trainer.precision=3", "trainer: Precision '3' is invalid"),
    "run": ("evaluate nowhere", "no run at", "nowhere"),
    "run of predict": ("predict nowhere x.npy", "no run at"),
    "index": ("render domain.level=2 --index 500", "--index: expected 0 to 499, got 500"),
    "figure": ("render --output digit.jpg", "expected a file of type .png or .html"),
    "pose option": ("render --pose upright", "expected --pose to be one of none, z, so3"),
    "command": ("trian", "No such command 'trian'"),
    "missing argument": ("predict run", "Missing argument 'FILES...'"),
    "option": ("models --jsn", "No such option: --jsn"),
    "list": ("config train.epochs=[1", "train.epochs: expected YAML, got '[1'"),
    "not a number": ("config train.epochs=nan", "train.epochs: expected a whole number, got 'nan'"),
    "huge seed": ("config seed=1e99", "seed: expected a whole number, got 1e+99"),
    "long seed": ("config seed=99999999999999999999", "seed: expected a number below 2^63"),
    "no plan": ("config model.classification=null", "model.classification: expected the keys"),
    "section": ("config data={}", "unknown data '{}'"),
    "no value": ("config domain.level=", "domain.kind=icosphere needs domain.level"),
    "itself": ("config seed=${seed}", "seed: Recursive interpolation"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_mistakes_are_told_in_one_line(case: str, empty: Path) -> None:
    words, *fragments = REFUSALS[case]
    line = refuse(*words.split())
    for fragment in fragments:
        assert fragment in line
    assert list(empty.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_absent_gpu_leaves_the_output_free(tmp_path: Path) -> None:
    output = f"output={tmp_path / 'run'}"
    assert "trainer: No supported gpu backend found" in refuse(
        "train", "domain.level=2", "trainer.accelerator=gpu", output
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("model: [", "is not valid YAML"),
        ("[1, 2]", "expected keys and values"),
        ("model: 3", "expected the nodes model and domain"),
        ("{model: {method: [gauge]}, domain: {level: 3}}", "model.method: expected one of"),
        ("{model: {method: gauge}, domain: 3}", "domain: expected the keys kind"),
        ("seed: 3", "expected the nodes model and domain"),
        ("model: {method: gauge}", "has no plan for classification; it has none"),
        ("model: {method: gouge, classification: {}}", "expected one of gauge, s2cnn"),
        ("model: {method: gauge, ordr: 3, classification: {}}", "unknown key 'model.ordr'"),
        (
            "model: {method: gauge, classification: {stags: []}}",
            "did you mean model.classif",
        ),
    ],
)
def test_bad_model_files(content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(content)
    assert told in refuse("config", f"model={tmp_path / 'mine.yaml'}")


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_damaged_data_file(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    packed = gzip.compress(b"\0\0\x08\x03" + bytes(5000))
    name = folder / "train-images-idx3-ubyte.gz"
    name.write_bytes(packed[:-12] if damage == "truncated" else packed)
    line = refuse("train", "domain.level=2", "data.name=mnist", f"data.root={tmp_path}")
    assert name.name in line
    assert "remove the file" in line


def test_outputs_that_cannot_be_written(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refuse("train", *TINY, f"output={tmp_path / 'file' / 'run'}")
    assert "already holds a run" in refuse("train", *TINY, f"output={runs / 'classification'}")
    figure = tmp_path / "file" / "digit.png"
    assert str(tmp_path / "file") in refuse("render", "domain.level=2", "--output", figure)


@pytest.mark.parametrize("key", ["model", "task", "output", "train.resume"])
def test_a_run_has_settled_its_model(key: str, runs: Path) -> None:
    line = refuse("evaluate", runs / "classification", f"{key}=gcn")
    assert f"{key}= cannot be given here" in line


def test_damaged_run(copied: Path) -> None:
    checkpoints = copied / "checkpoints"
    assert "does not fit" in refuse("evaluate", copied, "model.max_order=1")
    for name in ("best.ckpt", "last.ckpt"):
        half = (checkpoints / name).read_bytes()[:2000]
        (checkpoints / name).write_bytes(half)
    assert "best.ckpt is damaged" in refuse("evaluate", copied)
    resume = ["train", *TINY, f"output={copied}", "train.resume=true"]
    assert "last.ckpt is damaged" in refuse(*resume)
    (checkpoints / "best.ckpt").unlink()
    assert "no checkpoint at" in refuse("evaluate", copied)
    (copied / "config.yaml").write_text("model: [")
    assert "is not valid YAML" in refuse("evaluate", copied)


def test_divergence_exits_with_code_1(tmp_path: Path) -> None:
    words = [*TINY, "train.learning_rate=1e30", "train.gradient_clip=null"]
    result = call("train", *words, f"output={tmp_path / 'run'}")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "Try a smaller train.learning_rate" in result.stderr

"""The tests that every method has to pass do fail: each on the mistake that it is there for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gaugecnn import build_model, load_config
from gaugecnn.methods.cnn.family import CNNFamily
from gaugecnn.methods.p4.family import P4Family
from gaugecnn.methods.p4.types import P4Type
from gaugecnn.ops.batch_norm import _Normalise
from gaugecnn.ops.kept import Keeping
from gaugecnn.surfaces.symmetry import Rotation, step_about_z
from gaugecnn.testing import Conformance, feature_violations, randomise

WORDS = {"p4": ("domain.size=24",), "cnn": (), "gauge": ("domain.level=2",)}


class OfP4(Conformance):
    model = "p4"
    overrides = WORDS["p4"]


class OfCNN(Conformance):
    model = "cnn"
    symmetric = False


def network(model="p4", task="classification"):
    config = load_config(model, task, WORDS[model])
    return config, randomise(build_model(config))


def fails(test, *arguments, match=None):
    with pytest.raises(AssertionError, match=match):
        test(*arguments)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_empty_list_of_symmetries(monkeypatch, dtype):
    monkeypatch.setattr(P4Family, "exact_symmetries", lambda *_: [])
    config, model = network()
    fails(OfP4().test_what_is_listed_can_be_tested, model, match="no exact symmetry")
    fails(OfP4().test_exact_symmetries, config, model, dtype, 1e-4, match="no exact symmetry")
    fails(OfP4().test_own_data_leave_the_symmetries, "regression")


def test_a_list_of_symmetries_that_move_nothing(monkeypatch):
    def listed(family, _):
        return [Rotation("none", torch.eye(3), family.domain)]

    monkeypatch.setattr(P4Family, "exact_symmetries", listed)
    config, model = network()
    fails(OfP4().test_what_is_listed_can_be_tested, model, match="moves a point")
    fails(OfP4().test_every_block_changes_as_its_type_says, config, model, torch.float64)


def test_symmetries_that_do_not_hold(monkeypatch):
    def listed(family, _):
        return [Rotation("half turn", step_about_z(2), family.domain)]

    monkeypatch.setattr(CNNFamily, "exact_symmetries", listed)
    config, model = network("cnn", "segmentation")
    test = Conformance()
    fails(test.test_exact_symmetries, config, model, torch.float32, 1e-4, match="half turn")
    fails(test.test_gradients_change_with_the_signal, config, model)
    fails(test.test_every_block_changes_as_its_type_says, config, model, torch.float64)


def test_who_claims_to_have_no_symmetry():
    """The negative control is one: p4 keeps its quarter turns, whatever it lists."""

    class Modest(OfP4):
        symmetric = False

    config, model = network()
    fails(Modest().test_what_is_listed_can_be_tested, model, match="there are exact symmetries")
    fails(Modest().test_exact_symmetries, config, model, torch.float32, 1e-4, match="quarter")
    config, model = network("cnn")
    OfCNN().test_exact_symmetries(config, model, torch.float32, 1e-4)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_a_type_that_changes_wrongly_behind_a_late_block(monkeypatch, task):
    """Whatever the first block does: each is looked at, on what reaches it."""
    transform = P4Type.transform
    config, model = network(task=task)
    late = model.blocks[-1].type_out
    assert late != model.blocks[0].type_out or task == "segmentation"

    def plain(type_, symmetry, feature):
        if type_ is late:
            return feature
        return transform(type_, symmetry, feature)

    OfP4().test_every_block_changes_as_its_type_says(config, model, torch.float64)
    monkeypatch.setattr(P4Type, "transform", plain)
    found = feature_violations(model, model, model.exact_symmetries[0], torch.float64)
    assert [block.error < 1e-9 for block in found] == [True] * (len(found) - 1) + [False]
    fails(OfP4().test_every_block_changes_as_its_type_says, config, model, torch.float64)


def test_a_skip_that_does_not_turn():
    """The logits of a segmenter, and the block that the skip leads to, tell."""
    config, model = network(task="segmentation")
    last = model.blocks[-1]
    assert last.skip is not None

    class Untwisted(nn.Module):
        def forward(self, x):
            return last_skip(x) + x.new_tensor([0.0, 0, 1, 0]).view(1, 1, 4, 1, 1)

    last_skip, last.skip = last.skip, Untwisted()
    found = feature_violations(model, model, model.exact_symmetries[0], torch.float32)
    assert [block.error < 1e-3 for block in found] == [True] * (len(found) - 1) + [False]
    fails(OfP4().test_exact_symmetries, config, model, torch.float32, 1e-4)


def test_a_network_that_is_dead_behind_a_block():
    config, model = network()
    nn.init.zeros_(model.blocks[2].norm.norm.weight)
    assert feature_violations(model, model, model.exact_symmetries[0], torch.float32)[2].error > 1
    fails(OfP4().test_every_block_changes_as_its_type_says, config, model, torch.float32)


def test_what_is_kept_for_too_long(monkeypatch):
    """The first value for ever, while nothing is learned."""
    _, model = network("gauge")
    once = Keeping._once

    def stale(self, parameter, compute):
        if torch.is_grad_enabled():
            return once(self, parameter, compute)
        if self._kept is None:
            self._kept = parameter, (0, 0), compute()
        return self._kept[2]

    Conformance().test_what_is_kept_is_what_is_computed(model)
    monkeypatch.setattr(Keeping, "_once", stale)
    fails(Conformance().test_what_is_kept_is_what_is_computed, model)


def test_what_is_kept_without_a_gradient_for_the_signal():
    """Where no parameter learns, a layer that detaches gives the signal no gradient."""
    _, model = network("cnn")
    test = Conformance().test_gradients_are_the_same_where_nothing_is_learned
    test(model)
    model.requires_grad_(True)

    def detached(layer, _, output):
        learns = any(p.requires_grad for p in layer.parameters())
        return output if learns else output + 0.1 * (output - output.detach())

    model.blocks[1].layer.register_forward_hook(detached)
    fails(test, model)


@pytest.mark.parametrize("wrong", [0, 1, 2], ids=["signal", "weight", "bias"])
def test_a_wrong_gradient_of_the_batch_norm(monkeypatch, wrong):
    backward = _Normalise.backward

    class Wrong(_Normalise):
        @staticmethod
        def backward(ctx, *gradients):
            found = list(backward(ctx, *gradients))
            found[wrong] = 1.01 * found[wrong]
            return tuple(found)

    _, model = network("gauge")
    test = Conformance().test_gradients_are_those_of_finite_differences
    test(model, True)
    monkeypatch.setattr("gaugecnn.ops.batch_norm._Normalise", Wrong)
    fails(test, model, True)
    test(model, False)  # running statistics are used there


def test_a_parameter_that_nothing_depends_on():
    _, model = network("cnn")
    layer = model.blocks[1].layer
    layer.register_parameter("idle", nn.Parameter(torch.ones(())))
    layer.register_forward_hook(lambda layer, _, output: output + 0 * layer.idle)
    fails(Conformance().test_gradients_are_finite_and_reach_every_parameter, model, match="idle")


def test_images_that_see_each_other():
    """In the values, and where these agree in the gradients."""
    _, model = network("cnn")
    handle = model.blocks[1].register_forward_hook(lambda *given: given[-1] - given[-1].mean(0))
    fails(Conformance().test_images_do_not_see_each_other, model)
    fails(Conformance().test_gradients_do_not_see_other_images, model)
    handle.remove()
    _, model = network("cnn")

    def only_gradients(block, given, output):
        seen = output.mean(0) * 1e-2
        return output + seen - seen.detach()

    model.blocks[1].register_forward_hook(only_gradients)
    Conformance().test_images_do_not_see_each_other(model)
    fails(Conformance().test_gradients_do_not_see_other_images, model)


def test_training_on_another_path():
    _, model = network("cnn")
    model.blocks[1].layer.register_forward_hook(
        lambda layer, _, output: 1.001 * output if layer.training else output
    )
    fails(Conformance().test_training_differs_by_statistics_and_dropout_alone, model)


def test_a_channel_that_is_not_read(monkeypatch):
    lift = CNNFamily.lift

    def blind(self, stage):
        layer = lift(self, stage)
        layer.register_forward_pre_hook(lambda _, given: given[0] * mask(given[0]))
        return layer

    def mask(signal):
        return torch.tensor([1.0, 1, 0]).view(3, 1, 1).to(signal)

    OfCNN().test_own_channels_and_targets("regression")
    monkeypatch.setattr(CNNFamily, "lift", blind)
    fails(OfCNN().test_own_channels_and_targets, "regression", match="hardly read")


def test_units_that_are_left_out(monkeypatch):
    OfCNN().test_numbers_come_in_the_units_of_their_targets("regression")
    monkeypatch.setattr("gaugecnn.heads.Units.forward", lambda _, outputs: outputs)
    fails(OfCNN().test_numbers_come_in_the_units_of_their_targets, "regression")

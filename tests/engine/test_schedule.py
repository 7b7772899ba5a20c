"""Levels, times and the conversion of every kind of prediction."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler

from engine.schedule import Schedule, noised, run_length

CONFIG = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
}


def tensors() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 4, 4, 4, generator=generator), torch.randn(1, 4, 4, 4, generator=generator)


@pytest.mark.parametrize("t", [0, 1, 500, 999])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_every_prediction_becomes_the_same_noise(prediction: str, t: int) -> None:
    schedule = Schedule.from_config({**CONFIG, "prediction_type": prediction})
    clean, noise = tensors()
    level = schedule.level(t)
    z = noised(clean, noise, level)
    output = {"epsilon": noise, "v_prediction": level.signal * noise - level.noise * clean, "sample": clean}[prediction]
    assert torch.allclose(schedule.epsilon(output, z, t), noise, atol=2e-4)
    assert torch.allclose(schedule.clean(z, noise, t), clean, atol=2e-4)


def test_levels_are_those_of_diffusers() -> None:
    schedule, peer = Schedule.from_config(CONFIG), DDIMScheduler.from_config(CONFIG)
    for t in (0, 17, 999):
        assert schedule.level(t).signal ** 2 == pytest.approx(float(peer.alphas_cumprod[t]), rel=1e-6)
    assert schedule.final == schedule.level(0)
    assert Schedule.from_config({**CONFIG, "set_alpha_to_one": True}).final == (1.0, 0.0)


def test_zero_terminal_signal_stays_finite() -> None:
    schedule = Schedule.from_config({**CONFIG, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True})
    clean, noise = tensors()
    z = noised(clean, noise, schedule.level(999))
    assert schedule.clean(z, schedule.epsilon(-clean, z, 999), 999).isfinite().all()


def test_unknown_prediction_is_refused() -> None:
    with pytest.raises(ValueError, match="wavelets"):
        Schedule.from_config({**CONFIG, "prediction_type": "wavelets"})


@pytest.mark.parametrize(("steps", "strength"), [(30, 0.6), (50, 1.0), (7, 0.5), (1, 0.9)])
def test_ddim_times_are_the_last_ones_of_the_full_run(steps: int, strength: float) -> None:
    peer = DDIMScheduler.from_config(CONFIG)
    peer.set_timesteps(steps)
    expected = [int(t) for t in peer.timesteps][-max(1, int(steps * strength)) :]
    assert Schedule.from_config(CONFIG).ddim_times(steps, strength) == expected


@pytest.mark.parametrize("steps", [1, 3, 30, 150])
@pytest.mark.parametrize("strength", [0.001, 0.3, 1.0])
def test_a_run_is_never_empty_and_always_falls(steps: int, strength: float) -> None:
    schedule = Schedule.from_config(CONFIG)
    for times in (schedule.ddim_times(steps, strength), schedule.karras_times(steps, strength)):
        assert 1 <= len(times) <= run_length(steps, strength)
        assert times == sorted(set(times), reverse=True)
        assert all(0 <= t < 1000 for t in times)


def test_karras_times_start_at_the_strength_and_get_denser() -> None:
    times = Schedule.from_config(CONFIG).karras_times(20, 0.5)
    assert times[0] == 499
    assert len(times) == 10
    assert times[0] - times[1] > 3 * (times[-2] - times[-1])

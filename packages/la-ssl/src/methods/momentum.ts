/**
 * @file Momentum encoders: networks that follow others by an exponential moving average, without a gradient.
 *
 * Parameters follow; buffers do not. A follower normalises by the statistics of its own batches, in training mode, and
 * keeps running ones of its own: so do BYOL (`target_state`), MoCo v3 (`momentum_encoder`) and DINO (`teacher`) in
 * their official code.
 * Source: Tarvainen 2017, https://arxiv.org/abs/1703.01780; He 2020, Eq. 2, https://arxiv.org/abs/1911.05722
 */
import { call, type nn, noGrad } from '@la-ssl/torch';

/** Makes `follower` a copy of `leader`, buffers too, of which no optimizer hears. @returns `follower` */
export function startFollowing<M extends nn.Module>(follower: M, leader: nn.Module): M {
  follower.loadStateDict(leader.stateDict());
  return follower.requiresGrad_(false);
}

/**
 * One step: `θ' ← m θ' + (1 − m) θ` for every parameter.
 * @param follower - θ', of the same parts as `leader`, θ
 * @param momentum - 0 ≤ m ≤ 1; 1 leaves it where it is
 */
export function follow(follower: nn.Module, leader: nn.Module, momentum: number): void {
  noGrad(() => {
    const own = follower.parameters();
    call('aten::_foreach_mul_.Scalar', own, momentum);
    call('aten::_foreach_add_.List', own, leader.parameters(), 1 - momentum);
  });
}

/** @throws RangeError unless 0 ≤ momentum ≤ 1 */
export function checkMomentum(name: string, momentum: number): void {
  if (!(momentum >= 0 && momentum <= 1)) throw new RangeError(`${name} must be from 0 to 1, got ${momentum}`);
}

//! Faults as cards of a deck: each kind comes before any comes again.

use crate::random::Random;

#[derive(Debug)]
pub(super) struct Deck<F: 'static> {
    kinds: &'static [F],
    random: Random,
    left: Vec<F>,
}

impl<F: Copy> Deck<F> {
    pub(super) fn of(kinds: &'static [F], seed: u64) -> Deck<F> {
        Deck { kinds, random: Random::new(seed), left: Vec::new() }
    }

    pub(super) fn draw(&mut self) -> F {
        if self.left.is_empty() {
            self.left = self.kinds.to_vec();
        }
        let nth = self.random.below(self.left.len() as u64);
        self.left.swap_remove(nth as usize)
    }
}

/// Faults of one part: what has gathered by then is read, and compared, within the time that people wait.
const PART_MAX: u64 = 20;

/// As many faults, in parts that are as even as can be.
pub(super) fn parts_of(faults: u64) -> impl Iterator<Item = u64> {
    let parts = faults.div_ceil(PART_MAX);
    (0..parts).map(move |nth| faults * (nth + 1) / parts - faults * nth / parts)
}

#[test]
fn parts_hold_all_faults_and_none_too_many() {
    for faults in [0, 1, 9, 20, 21, 80, 81] {
        let parts: Vec<u64> = parts_of(faults).collect();
        assert_eq!(parts.iter().sum::<u64>(), faults);
        assert!(parts.iter().all(|part| (1..=PART_MAX).contains(part)), "{faults}: {parts:?}");
    }
}

#[test]
fn each_kind_of_fault_is_drawn_before_any_comes_again() {
    let mut deck = Deck::of(&[1, 2, 3, 4], 3);
    for _ in 0..3 {
        let mut drawn = [(); 4].map(|()| deck.draw());
        drawn.sort_unstable();
        assert_eq!(drawn, [1, 2, 3, 4]);
    }
}

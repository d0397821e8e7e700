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

#[test]
fn each_kind_of_fault_is_drawn_before_any_comes_again() {
    let mut deck = Deck::of(&[1, 2, 3, 4], 3);
    for _ in 0..3 {
        let mut drawn = [(); 4].map(|()| deck.draw());
        drawn.sort_unstable();
        assert_eq!(drawn, [1, 2, 3, 4]);
    }
}

//! What fired together before: of parties that nothing leads between, experience says that they belong together.
//!
//! Counted is how often a party began, and how often two began within minutes of each other. What begins often meets
//! others by chance: that share is taken off. In a storm everything meets everything, so nothing is learned of it.

use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Episode};
use model::learned::{HALF_LIFE, Learned, Party, faded};
use model::limits::{LEARNED_PARTIES_MAX, LEARNED_PARTNERS_MAX};
use model::reason::Evidence;
use model::{IncidentId, Span, Timestamp};

use super::related::{Link, Ties};
use super::weigh;
use crate::desk::Desk;
use crate::state::Member;

/// Two that begin so near each other begin together.
const TOGETHER: Span = Span::from_minutes(5);
/// What begins once more within so long goes on.
const AGAIN: Span = Span::from_minutes(30);
/// Where more parties than these begin within minutes, it is a storm.
const AT_ONCE_MAX: usize = 12;
/// A count of one.
const ONE: u32 = 1000;
/// So often, at least, two must have begun together for it to say anything.
const TIMES_LEAST: u32 = 3 * ONE - ONE / 2;
/// A pair of which less is left is forgotten.
const FORGOTTEN_BELOW: u32 = ONE / 4;
/// Of the times that either began, the share in which both did must be this, in thousandths.
const SHARE_LEAST: u32 = 500;

type Pair = (Party, Party);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Counted {
    count: u32,
    at: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Experience {
    began: BTreeMap<Party, Counted>,
    /// Of each party those that it began together with: each pair stands at both of its ends, so that a party's partners
    /// are looked through in one place.
    together: BTreeMap<Party, BTreeMap<Party, Counted>>,
    /// Those that began longest ago are forgotten first.
    oldest: BTreeSet<(Timestamp, Party)>,
}

fn pair(one: &Party, other: &Party) -> Pair {
    if one < other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

impl Counted {
    fn left(self, now: Timestamp) -> u32 {
        faded(self.count, now - self.at)
    }

    /// Within one half-life at least half is left, so most need not be reckoned out.
    fn says_too_little(self, now: Timestamp) -> bool {
        let half_is_enough = self.count / 2 >= FORGOTTEN_BELOW && now - self.at < HALF_LIFE;
        !half_is_enough && self.left(now) < FORGOTTEN_BELOW
    }

    fn once_more(known: Option<Counted>, now: Timestamp) -> Counted {
        let at = known.map_or(now, |known| known.at.max(now));
        Counted { count: known.map_or(0, |known| known.left(at)).saturating_add(ONE), at }
    }
}

impl Experience {
    pub(crate) fn restore(learned: Vec<Learned>) -> Experience {
        let mut experience = Experience::default();
        for Learned { party, with, count, at } in learned {
            match with {
                None => experience.put_began(party, Counted { count, at }),
                Some(with) => experience.put_together((party, with), Counted { count, at }),
            }
        }
        experience
    }

    pub(crate) fn rows(&self) -> Vec<Learned> {
        let alone = self.began.iter().map(|(party, counted)| row(party, None, *counted));
        let pairs = self.together.iter().flat_map(|(one, partners)| {
            partners.range(one..).map(move |(other, counted)| row(one, Some(other), *counted))
        });
        let mut rows: Vec<Learned> = alone.chain(pairs).collect();
        rows.sort();
        rows
    }

    fn put_began(&mut self, party: Party, counted: Counted) {
        if let Some(before) = self.began.insert(party.clone(), counted) {
            self.oldest.remove(&(before.at, party.clone()));
        }
        self.oldest.insert((counted.at, party));
    }

    fn put_together(&mut self, (one, other): Pair, counted: Counted) {
        self.together.entry(one.clone()).or_default().insert(other.clone(), counted);
        self.together.entry(other).or_default().insert(one, counted);
    }

    fn part(&mut self, pair: &Pair) {
        for (of, gone) in [(&pair.0, &pair.1), (&pair.1, &pair.0)] {
            if let Some(partners) = self.together.get_mut(of) {
                partners.remove(gone);
                if partners.is_empty() {
                    self.together.remove(of);
                }
            }
        }
    }

    fn together(&self, one: &Party, other: &Party) -> Option<Counted> {
        self.together.get(one)?.get(other).copied()
    }

    fn partners(&self, of: &Party) -> impl Iterator<Item = (&Party, Counted)> {
        self.together.get(of).into_iter().flatten().map(|(partner, counted)| (partner, *counted))
    }

    /// Pairs of a party that say too little to be kept, and the least of what are too many.
    fn superfluous(&self, of: &Party, now: Timestamp) -> Vec<Pair> {
        let too_many = self.partners(of).count().saturating_sub(LEARNED_PARTNERS_MAX);
        if too_many == 0 && !self.partners(of).any(|(_, counted)| counted.says_too_little(now)) {
            return Vec::new();
        }
        let mut partners: Vec<(u32, &Party)> =
            self.partners(of).map(|(partner, counted)| (counted.left(now), partner)).collect();
        partners.sort_unstable();
        let little = partners.partition_point(|(left, _)| *left < FORGOTTEN_BELOW);
        partners.into_iter().take(too_many.max(little)).map(|(_, partner)| pair(of, partner)).collect()
    }

    /// In how many of the times that either began both did, in thousandths, with how often that was; less what chance does.
    fn share(&self, one: &Party, other: &Party, together: Counted, now: Timestamp) -> Option<(u32, u32, u32)> {
        let times = together.left(now);
        if times < TIMES_LEAST {
            return None;
        }
        // Of what has only just begun, the beginning that is being judged does not count yet.
        let began = |party: &Party| {
            let counted = self.began.get(party)?;
            let just = if now - counted.at <= TOGETHER { ONE } else { 0 };
            Some(counted.left(now).saturating_sub(just))
        };
        let began = |party: &Party| began(party).unwrap_or(0);
        let of = began(one).max(began(other)).max(times);
        let share = u64::from(times) * 1000 / u64::from(of.max(1));
        // So many beginnings are spread over the half-lives that are remembered.
        let remembered = (HALF_LIFE.micros() + HALF_LIFE.micros() / 2) as u64;
        let chance = (u64::from(of) * 2 * TOGETHER.micros() as u64 / remembered).min(1000);
        let beyond = share.saturating_sub(chance) as u32;
        (beyond >= SHARE_LEAST).then_some((beyond, times, of))
    }
}

fn row(party: &Party, with: Option<&Party>, counted: Counted) -> Learned {
    Learned { party: party.clone(), with: with.cloned(), count: counted.count, at: counted.at }
}

impl Desk<'_> {
    fn party(&self, alert: &Alert) -> Party {
        alert.ci.clone().map_or(Party::Alert(alert.id), Party::Item)
    }

    /// What ties an episode to incidents by what fired together before.
    pub(super) fn together_before(&self, alert: &Alert, ties: &mut Ties) {
        let party = self.party(alert);
        let experience = &self.state.experience;
        for (partner, together) in experience.partners(&party) {
            let Some((share, times, of)) = experience.share(&party, partner, together, self.now) else { continue };
            let strength = weigh::together_before(share, times / ONE);
            let (times, of) = (times.div_ceil(ONE), of.div_ceil(ONE));
            match partner {
                Party::Item(ci) => {
                    let Some(member) = self.item(ci) else { continue };
                    for (incident, presence) in self.state.index.at(member) {
                        let link = Link::BeforeOnItem { member, times, of };
                        ties.offer_by_experience(incident, presence.nearest_onset(ties.start()), strength, link);
                    }
                }
                Party::Alert(with) => {
                    let episodes = self.state.alerts.get(with).into_iter().flat_map(|alert| &alert.episodes);
                    for (incident, start) in episodes.filter_map(|episode| Some((episode.incident?, episode.start))) {
                        let link = Link::BeforeOfAlert { with: *with, times, of };
                        ties.offer_by_experience(incident, Some(start), strength, link);
                    }
                }
            }
        }
    }

    /// A member has found its incident: what began near it is remembered to have begun together with it.
    pub(super) fn learn(&mut self, member: Member) {
        let Some((alert, episode)) = self.episode(member) else { return };
        let (party, start) = (self.party(alert), episode.start);
        if self.goes_on(alert, episode) {
            return;
        }
        let near = self.state.index.started_within(start - TOGETHER, start + TOGETHER);
        let near = near
            .filter(|other| *other != member)
            .filter_map(|(other, _)| Some(self.party(self.state.alerts.get(&other)?)))
            .filter(|other| *other != party)
            .take(4 * AT_ONCE_MAX);
        let mut others: BTreeSet<Party> = BTreeSet::new();
        for other in near {
            others.insert(other);
            if others.len() > AT_ONCE_MAX {
                return;
            }
        }
        let now = start.min(self.now);
        self.began_once_more(&party, now);
        for other in &others {
            let pair = pair(&party, other);
            let counted = Counted::once_more(self.state.experience.together(&party, other), now);
            self.out.learned.push(row(&pair.0, Some(&pair.1), counted));
            self.state.experience.put_together(pair, counted);
        }
        for party in others.iter().chain([&party]) {
            let superfluous = self.state.experience.superfluous(party, now);
            superfluous.iter().for_each(|pair| self.unlearn(pair));
        }
    }

    /// Something of the party began shortly before or after: it is the same beginning.
    fn goes_on(&self, alert: &Alert, episode: &Episode) -> bool {
        let near = |start: Timestamp| (start - episode.start).abs() <= AGAIN;
        match alert.ci.as_ref().and_then(|ci| self.item(ci)) {
            Some(item) => {
                let starts =
                    self.state.index.at(item).flat_map(|(_, presence)| presence.others_than((alert.id, episode.id)));
                starts.into_iter().any(near)
            }
            None => alert.episodes.iter().filter(|other| other.id != episode.id).any(|other| near(other.start)),
        }
    }

    fn began_once_more(&mut self, party: &Party, now: Timestamp) {
        let counted = Counted::once_more(self.state.experience.began.get(party).copied(), now);
        self.state.experience.put_began(party.clone(), counted);
        self.out.learned.push(row(party, None, counted));
        if self.state.experience.began.len() > LEARNED_PARTIES_MAX
            && let Some((_, oldest)) = self.state.experience.oldest.pop_first()
        {
            let partners: Vec<Party> =
                self.state.experience.partners(&oldest).map(|(partner, _)| partner.clone()).collect();
            partners.iter().for_each(|partner| self.unlearn(&pair(&oldest, partner)));
            self.state.experience.began.remove(&oldest);
            self.out.learned.retain(|row| row.with.is_some() || row.party != oldest);
            self.out.unlearned.push((oldest, None));
        }
    }

    fn unlearn(&mut self, pair: &Pair) {
        self.state.experience.part(pair);
        self.out.learned.retain(|row| row.party != pair.0 || row.with.as_ref() != Some(&pair.1));
        self.out.unlearned.push((pair.0.clone(), Some(pair.1.clone())));
    }

    /// The tie in words.
    pub(super) fn experience_in_words(&self, link: Link, gap: Span) -> Option<Evidence> {
        let (with, times, of) = match link {
            Link::BeforeOnItem { member, times, of } => (self.graph().id(member).to_string(), times, of),
            Link::BeforeOfAlert { with, times, of } => {
                let name = self.state.alerts.get(&with).map(|alert| alert.summary.to_string());
                (name.unwrap_or_else(|| with.to_string()), times, of)
            }
            _ => return None,
        };
        Some(Evidence::TogetherBefore { with: with.into(), times, of, gap })
    }
}

impl Ties {
    fn offer_by_experience(&mut self, incident: IncidentId, began: Option<Timestamp>, strength: u32, link: Link) {
        if let Some(began) = began {
            let gap = (began - self.start()).abs();
            let tie = self.by_coincidence(strength, gap, Span::ZERO, link);
            self.offer(incident, tie.that_never_merges());
        }
    }
}

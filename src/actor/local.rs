//! What the edge itself finds risky: profiles and draws, shared by all lanes and the risk gateway.
//!
//! It answers within the turn of who asks, so that a decision and its evidence stay one batch for the journal.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::domain::number_key;
use crate::domain::plate::fold;
use crate::model::risk::RiskKind;
use crate::model::selection::{DrawKey, Drawn, Hit};
use crate::model::{LaneId, NewRecord, PassageId, Plate, Purpose, RecordKind, RiskAnswer, RiskRequest, Timestamp};
use crate::risk::profile::{ProfileSet, Verdict};
use crate::risk::selection::{Ask, Ledger, Rota};
use crate::risk::{Degraded, Parts, Rms, merge};

/// Seeds and kept draws.
#[derive(Debug)]
pub(super) struct Draws {
    pub(super) rota: Rota,
    pub(super) ledger: Ledger,
}

#[derive(Debug)]
struct Inner {
    profiles: RwLock<Arc<ProfileSet>>,
    draws: Option<Mutex<Draws>>,
    degraded: Degraded,
}

/// The edge's own risk rules. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct LocalRisk {
    inner: Arc<Inner>,
}

/// What the edge found about one request, before the RMS has spoken.
#[derive(Debug)]
pub(super) struct Considered {
    request_id: uuid::Uuid,
    profiles: Arc<ProfileSet>,
    verdicts: Vec<Verdict>,
    drawn: Option<Arc<Drawn>>,
    degraded: Degraded,
}

impl Considered {
    /// The answer to the lane, with the RMS's part in it.
    pub(super) fn answer(&self, now: Timestamp, rms: Rms<'_>) -> RiskAnswer {
        merge(&Parts {
            request_id: self.request_id,
            now,
            rms,
            degraded: self.degraded,
            verdicts: &self.verdicts,
            drawn: self.drawn.as_deref(),
            profiles: &self.profiles,
        })
    }
}

impl LocalRisk {
    pub(super) fn new(profiles: ProfileSet, draws: Option<Draws>, degraded: Degraded) -> Self {
        let (profiles, draws) = (RwLock::new(Arc::new(profiles)), draws.map(Mutex::new));
        Self { inner: Arc::new(Inner { profiles, draws, degraded }) }
    }

    /// The profiles in force.
    pub(super) fn profiles(&self) -> Arc<ProfileSet> {
        Arc::clone(&self.inner.profiles.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another set of profiles into force.
    pub(super) fn set_profiles(&self, set: ProfileSet) {
        *self.inner.profiles.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
    }

    /// Seeds and kept draws, where the site has profiles.
    pub(super) fn draws(&self) -> Option<MutexGuard<'_, Draws>> {
        self.inner.draws.as_ref().map(|draws| draws.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Judges a request and draws where a profile asks for it. The record of a new draw must go to the journal before
    /// the answer does anything: a draw that is not on record can be drawn again.
    pub(super) fn consider(&self, request: &RiskRequest, now: Timestamp) -> (Considered, Option<NewRecord>) {
        let profiles = self.profiles();
        let mut verdicts = profiles.judge(request, now);
        if request.kind == RiskKind::PreArrival {
            // The lot is drawn in the lane: there is no passage yet, and who has not come needs no answer to it.
            verdicts.retain(|verdict| verdict.profile.rate_ppm.is_none());
        }
        let hits: Vec<Hit> = verdicts.iter().filter_map(Verdict::hit).collect();
        let (drawn, record) = match request.passage {
            Some(passage) => self.draw(request, passage, hits, now),
            None => (None, None),
        };
        let degraded = self.inner.degraded;
        (Considered { request_id: request.request_id, profiles, verdicts, drawn, degraded }, record)
    }

    /// Draws where a profile asks for it, and where a selection stands whatever profiles say today. Without a seed
    /// there is no draw, and the merge takes that for a selection.
    fn draw(
        &self,
        request: &RiskRequest,
        passage: PassageId,
        hits: Vec<Hit>,
        now: Timestamp,
    ) -> (Option<Arc<Drawn>>, Option<NewRecord>) {
        let Some(mut draws) = self.draws() else { return (None, None) };
        let Some((commitment, seed)) = draws.rota.in_use(now) else { return (None, None) };
        let keys = keys(request);
        if hits.is_empty() && !draws.ledger.stands(passage, now, &keys) {
            return (None, None);
        }
        let before = draws.ledger.number();
        let drawn = draws.ledger.draw(&seed, commitment, Ask { passage, at: now, keys, hits });
        drop(draws);
        let record = (drawn.number > before).then(|| NewRecord {
            at: now,
            lane: request.lane.clone().unwrap_or_else(LaneId::whole_site),
            passage: Some(passage),
            kind: RecordKind::SelectionDrawn,
            // Our own struct with text keys always serialises.
            body: serde_json::to_string(drawn.as_ref()).unwrap_or_else(|_| "{}".to_owned()),
        });
        (Some(drawn), record)
    }

    /// The journal has it that a vehicle was let go.
    pub(super) fn released(&self, passage: PassageId) {
        if let Some(mut draws) = self.draws() {
            draws.ledger.released(passage);
        }
    }
}

/// What a draw is remembered under, comparable however it was written (invariant A8).
fn keys(request: &RiskRequest) -> Vec<DrawKey> {
    let number = |number: &str| number_key(number).as_str().to_owned();
    let plate = |plate: &Option<Plate>| {
        let folded = fold(plate.as_ref()?.reveal(Purpose::Risk));
        (!folded.is_empty()).then(|| Plate::from(folded.as_str()))
    };
    let keys = [
        request.declaration.as_ref().map(|declaration| DrawKey::Declaration(number(&declaration.number))),
        request.notification.as_ref().map(|notification| DrawKey::Notification(number(&notification.number))),
        plate(&request.vehicle.tractor).map(DrawKey::Tractor),
        plate(&request.vehicle.trailer).map(DrawKey::Trailer),
    ];
    keys.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::model::selection::{Seed, SelectionCommitted};
    use crate::model::{Channel, Source};
    use crate::risk::selection::{ShiftPlan, commit};

    #[test]
    fn a_draw_is_kept_over_lanes_plates_in_another_script_and_numbers_written_otherwise() {
        let local = local(500_000);
        for number in 0..100 {
            let first = judge(&local, number, "55302/150324/0000123", "123ABC02").0;
            let again = judge(&local, number + 1_000, "55302-150324-123", "999XYZ01").0;
            assert_eq!(first, again);
            let plate = judge(&local, number + 2_000, "55302/150324/0000777", "123 АВС 02").0;
            assert!(!first.0 || plate.0, "a selected vehicle stays selected with other documents");
            local.released(PassageId(Uuid::from_u128(number + 2_000)));
        }
    }

    #[test]
    fn a_new_draw_has_a_record_and_the_same_question_again_has_none() {
        let local = local(20_000);
        let (_, record) = judge(&local, 1, "D-1", "123ABC02");
        let record = record.expect("a record");
        assert_eq!(record.kind, RecordKind::SelectionDrawn);
        let drawn: Drawn = serde_json::from_str(&record.body).expect("a draw");
        assert_eq!(drawn.keys.len(), 4, "{:?}", drawn.keys);
        assert!(judge(&local, 1, "D-1", "123ABC02").1.is_none());
    }

    #[test]
    fn a_selection_stands_when_its_profile_is_gone() {
        let local = local(1_000_000);
        assert!(judge(&local, 1, "D-1", "123ABC02").0.0);
        local.set_profiles(ProfileSet::default());
        let ((selected, source), record) = judge(&local, 2, "D-1", "999XYZ01");
        assert_eq!((selected, source, record.is_some()), (true, Some(Source::Random), true));
        assert_eq!(judge(&local, 3, "D-3", "777XYZ01"), ((false, None), None));
    }

    #[test]
    fn before_arrival_nobody_is_drawn() {
        let local = local(1_000_000);
        let mut request = request(1, "D-1", "123ABC02");
        (request.kind, request.passage) = (RiskKind::PreArrival, None);
        let (considered, record) = local.consider(&request, now());
        assert_eq!(record, None);
        let RiskAnswer::Decided(reasoned) = considered.answer(now(), Rms::NotAsked) else { panic!("{considered:?}") };
        assert_eq!((reasoned.decision.channel, reasoned.source), (Channel::Green, None));
    }

    #[test]
    fn without_a_seed_the_vehicle_is_selected() {
        let draws =
            Draws { rota: Rota::new(ShiftPlan::new(chrono_tz::UTC, [NaiveTime::MIN])), ledger: Ledger::default() };
        for draws in [None, Some(draws)] {
            let local = LocalRisk::new(profiles(1), draws, Degraded::Hold);
            let ((selected, source), record) = judge(&local, 1, "D-1", "123ABC02");
            assert_eq!((selected, source, record), (true, Some(Source::Random), None));
        }
    }

    /// Whether it is selected and why, and the record.
    fn judge(
        local: &LocalRisk,
        passage: u128,
        declaration: &str,
        tractor: &str,
    ) -> ((bool, Option<Source>), Option<NewRecord>) {
        let (considered, record) = local.consider(&request(passage, declaration, tractor), now());
        match considered.answer(now(), Rms::NotAsked) {
            RiskAnswer::Decided(reasoned) => ((reasoned.decision.channel == Channel::Red, reasoned.source), record),
            RiskAnswer::Unavailable { why, .. } => panic!("{why}"),
        }
    }

    fn request(passage: u128, declaration: &str, tractor: &str) -> RiskRequest {
        let json = json!({
            "request_id": Uuid::nil(), "kind": "arrival", "site": "test", "lane": "in-01", "at": now(),
            "passage": Uuid::from_u128(passage), "reply_by": now(), "vehicle": { "tractor": tractor },
            "parties": [], "findings": [],
            "declaration": {
                "number": declaration, "kind": "transit", "revision": 1, "status": "released", "goods": [],
                "gross_kg": 1.0, "holder": { "id": "x" },
            },
            "notification": {
                "number": format!("N-{passage}"), "revision": 1, "submitted_at": now(), "expected_at": now(),
                "valid_until": now(), "direction": "entry", "carrier": { "id": "x" },
                "vehicle": { "tractor": { "plate": tractor } }, "gross_kg": 1.0,
            },
        });
        serde_json::from_value(json).expect("a request")
    }

    fn local(rate_ppm: u32) -> LocalRisk {
        let mut rota = Rota::new(ShiftPlan::new(chrono_tz::UTC, []));
        let seed = Seed::new([6; 32]);
        let body = SelectionCommitted { commitment: commit(&seed), opens: now(), closes: now() };
        rota.bind(&body, seed);
        rota.is_durable(body.commitment);
        LocalRisk::new(profiles(rate_ppm), Some(Draws { rota, ledger: Ledger::default() }), Degraded::Hold)
    }

    fn profiles(rate_ppm: u32) -> ProfileSet {
        let text = format!(
            "id = \"lot\"\nexpression = 'true'\nchannel = \"red\"\nrate_ppm = {rate_ppm}\n[reason]\nkk = \"Қара\"\nru = \"Смотри\"\nen = \"Look\"\n"
        );
        ProfileSet::load(&[("lot.toml".to_owned(), text)]).expect("loads")
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_795_000_000_000_000)
    }
}

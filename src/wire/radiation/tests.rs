use proptest::prelude::*;

use super::*;

const READY: &str = "GB,000275,000306,000266,000271\r\nNB,000001,000002,000001,000000\r\n";
const QUIET_TRUCK: &str = "GS,000301,000312,000280,000290,08-15-02.200\r\nNS,000001,000000,000001,000000\r\n\
                           SP,0.8,08.0\r\nGX,000123\r\n";

fn at() -> Timestamp {
    Timestamp::from_unix_micros(1)
}

fn readings(portal: &mut Portal) -> Vec<(RadiationAlarm, Option<&'static str>)> {
    let told = std::iter::from_fn(|| portal.take());
    told.filter_map(|told| match told {
        Told::Reading(reading, why) => Some((reading.alarm, why)),
        Told::Line | Told::Refused(_) => None,
    })
    .collect()
}

fn heard(text: &str) -> Vec<RadiationAlarm> {
    let mut portal = Portal::default();
    portal.push(text.as_bytes(), at());
    readings(&mut portal).into_iter().map(|(alarm, _)| alarm).collect()
}

#[test]
fn a_vehicle_is_quiet_only_when_it_was_heard_from_beginning_to_end_by_a_portal_in_order() {
    use RadiationAlarm::{Fault, Gamma, GammaNeutron, Neutron, None};
    let gs = "GS,000301,000312,000280,000290\r\n";
    let end = "GX,000123\r\n";
    for (lines, expected, rule) in [
        (format!("{READY}{QUIET_TRUCK}"), vec![None], "quiet"),
        (format!("GB,1,1\n{gs}{end}"), vec![None], "a portal without neutron detectors"),
        (READY.to_owned(), vec![], "nobody drove through"),
        (format!("{gs}{end}"), vec![Fault], "no background was heard"),
        (format!("{READY}{end}"), vec![Fault], "the beginning was not heard"),
        (format!("{READY}{gs}{READY}"), vec![Fault], "the end was not heard"),
        (format!("{READY}{gs}GA,000901,000912,000880,000890\n{end}"), vec![Gamma, Gamma], "gamma, told at once"),
        (format!("{READY}NA,000009,000001,000001,000001\n{gs}{end}"), vec![Neutron, Neutron], "neutron"),
        (format!("{READY}GA,1\nGA,2\nNA,3\n{end}"), vec![Gamma, GammaNeutron, GammaNeutron], "both"),
        (format!("{READY}GA,what\n{end}"), vec![Gamma, Gamma], "an alarm is one whatever its counts"),
        (format!("{READY}GH,009000,009000\n{gs}{end}"), vec![Fault, Fault], "background high"),
        (format!("{READY}GL,000000,000000\n{gs}{end}"), vec![Fault, Fault], "background low"),
        (format!("{READY}NH,000090,000090\n{gs}{end}"), vec![Fault, Fault], "neutron background high"),
        (format!("{READY}GH,9\nGA,9\n{end}"), vec![Fault, Gamma, Gamma], "an alarm in a fault is an alarm"),
        (format!("{READY}GH,9\n{READY}{QUIET_TRUCK}"), vec![Fault, None], "the background is in order again"),
        (format!("{READY}NH,9\nGB,1,1\n{gs}{end}"), vec![Fault, Fault], "but only that of its own kind"),
        (format!("{READY}TT\n{READY}{gs}{end}"), vec![Fault, Fault], "the cabinet is open"),
        (format!("{READY}TT\nTC\n{gs}{end}"), vec![Fault, None], "and closed"),
        (format!("{READY}{gs}GZ,1\n{end}"), vec![Fault], "an unknown code within"),
        (format!("{READY}XY,1\n{gs}{end}"), vec![Fault], "an unknown code before"),
        (format!("{READY}XY,1\n{READY}{gs}{end}"), vec![None], "until the background is told in order"),
        (format!("{READY}{gs}GS,0003O1\n{end}"), vec![Fault], "counts that are none within"),
        (format!("{READY}{gs}\u{7f}?!\n{end}"), vec![Fault], "a garbled line within"),
        (format!("{READY}?!\n{gs}{end}"), vec![None], "and before"),
    ] {
        assert_eq!(heard(&lines), expected, "{rule}: {lines}");
    }
}

#[test]
fn a_line_that_is_cut_during_an_occupancy_leaves_a_fault_and_the_next_vehicle_waits_for_a_background() {
    let mut portal = Portal::default();
    portal.push(format!("{READY}GS,000301,000312").as_bytes(), at());
    portal.push(b",000280,000290\nGS,0003", at());
    portal.interrupt(at());
    assert_eq!(readings(&mut portal), [(RadiationAlarm::Fault, Some("the line was cut during the occupancy"))]);
    portal.push(QUIET_TRUCK.as_bytes(), at());
    assert_eq!(readings(&mut portal).first().map(|(alarm, _)| *alarm), Some(RadiationAlarm::Fault));
    portal.push(format!("{READY}{QUIET_TRUCK}").as_bytes(), at());
    assert_eq!(readings(&mut portal), [(RadiationAlarm::None, None)]);
}

#[test]
fn the_peak_is_the_highest_sum_of_the_gamma_panels() {
    let mut portal = Portal::default();
    portal.push(format!("{READY}GS,000100,000200\nGS,000300,000400,08-15-02.200\nNS,009999\nGX\n").as_bytes(), at());
    let peak = std::iter::from_fn(|| portal.take()).find_map(|told| match told {
        Told::Reading(reading, _) => reading.peak_cps,
        Told::Line | Told::Refused(_) => None,
    });
    assert_eq!(peak, Some(700.0));
}

#[test]
fn a_line_that_stays_unfinished_is_refused() {
    let mut portal = Portal::default();
    portal.push(format!("{READY}GS,1,1\nG").as_bytes(), at());
    portal.quiet(at());
    portal.push(b"GX\n", at());
    assert_eq!(readings(&mut portal), [(RadiationAlarm::Fault, Some("a line of the occupancy was not understood"))]);
}

#[test]
fn an_alarm_is_not_lost_among_the_lines_of_one_read() {
    let mut portal = Portal::default();
    portal.push(format!("{READY}GA,1,2\nGX\n{}", "?\n".repeat(4_000)).as_bytes(), at());
    let told = readings(&mut portal);
    assert!(told.iter().any(|(alarm, _)| *alarm == RadiationAlarm::Gamma), "{told:?}");
}

proptest! {
    #[test]
    fn no_bytes_panic_and_pieces_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..600), size in 1_usize..40) {
        let told = |size: usize| {
            let mut portal = Portal::default();
            bytes.chunks(size).for_each(|piece| portal.push(piece, at()));
            portal.interrupt(at());
            std::iter::from_fn(|| portal.take()).collect::<Vec<_>>()
        };
        prop_assert_eq!(told(600), told(size));
    }

    /// Whatever lines come between, a vehicle of whom one line was lost or garbled is never quiet.
    #[test]
    fn a_garbled_occupancy_is_never_quiet(garbage in "[ -~]{1,40}", place in 0_usize..3) {
        let lines = ["GS,1,1\n".to_owned(), "GS,2,2\n".to_owned(), "GS,3,3\n".to_owned()];
        let mut text = READY.to_owned();
        for (index, line) in lines.iter().enumerate() {
            text.push_str(line);
            if index == place {
                text.push_str(&garbage);
                text.push('\n');
            }
        }
        text.push_str("GX\n");
        let understood = codes::parse(garbage.trim()).is_ok();
        prop_assume!(!understood && !garbage.trim().is_empty() && !garbage.trim().starts_with(']'));
        prop_assert_eq!(heard(&text), vec![RadiationAlarm::Fault]);
    }

    #[test]
    fn after_any_noise_a_good_vehicle_is_read(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut portal = Portal::default();
        portal.push(&noise, at());
        portal.push(format!("\nTC\n{READY}{QUIET_TRUCK}").as_bytes(), at());
        let last = readings(&mut portal).last().copied();
        prop_assert_eq!(last, Some((RadiationAlarm::None, None)));
    }
}

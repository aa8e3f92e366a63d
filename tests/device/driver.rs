//! The driver on pseudo-terminals: every kind of protocol, every trouble of a line.

use std::sync::Arc;
use std::time::Duration;

use lane_controller::device::scale::{Diagnosis, Expected, ScaleEvent};
use lane_controller::model::Stability;
use lane_controller::model::scale::ScalePort;
use lane_controller::wire::scale::WhyNot;
use tempfile::TempDir;

use super::bench::{Driver, Heard, Indicator, Speech, answers, settings, streams};

/// 40 180 kg as each of them says it, written from the manuals.
const XK3190: &[u8] = b"\x02+040180016\x03";
const TOLEDO: &[u8] = b"\x02*0 040180000000\r";
const TENSO_M: &[(&[u8], &[u8])] = &[
    (b"\xFF\x01\xC3\xE3\xFF\xFF", b"\xFF\x01\xC3\x80\x01\x04\x10\xBE\xFF\xFF"),
    // Max 60 000 kg, division 20 kg.
    (b"\xFF\x01\xC1\x31\xFF\xFF", b"\xFF\x01\xC1\x00\x00\x06\x20\x20\x00\x04\x00\x05\x6F\xFF\xFF"),
];
const SMA: &[(&[u8], &[u8])] =
    &[(b"\nW\r", b"\n 1G       40180kg \r"), (b"\nI\r", b"\nSMA:2/1.0\r"), (b"\nN\r", b"\n?\r")];
const XK3190_COMMAND: &[(&[u8], &[u8])] = &[(b"\x02AB03\x03", b"\x02AB+040180015\x03")];
const MT_SICS: &[(&[u8], &[u8])] =
    &[(b"SIR\r\n", b"ES\r\n"), (b"SI\r\n", b"S S      40180 kg\r\n"), (b"TA\r\n", b"TA A          0 kg\r\n")];

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_indicator_is_read_through_a_tty() {
    for (speech, indicator, stability) in [
        ("xk3190", streams(XK3190), Stability::Unknown),
        ("toledo-continuous", streams(TOLEDO), Stability::Stable),
        ("tenso-m", answers(TENSO_M), Stability::Stable),
        ("sma", answers(SMA), Stability::Stable),
        ("xk3190-command", answers(XK3190_COMMAND), Stability::Unknown),
        ("mt-sics", answers(MT_SICS), Stability::Stable),
        ("st-gs", streams(b"ST,GS,1\xE4,   40180 kg\r\n"), Stability::Stable),
        ("rinstrum", streams(b"\x02   40180G\x03"), Stability::Stable),
    ] {
        let dir = TempDir::new().expect("a directory");
        let port = dir.path().join("bridge");
        let _indicator = Indicator::plug(&port, indicator);
        let mut driver = Driver::start(settings(ScalePort::Tty(port), speech));
        driver.found().await;
        let reading = driver.reading().await;
        assert_eq!((reading.gross_kg, reading.stability), (40_180, stability), "{speech}");
        assert_eq!(reading.indicated.expect("told").gross_kg, "40180", "{speech}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_is_lost_at_once_and_found_by_its_name_when_it_is_back() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("by-id");
    let indicator = Indicator::plug(&port, streams(TOLEDO));
    let mut driver = Driver::start(settings(ScalePort::Tty(port.clone()), "toledo-continuous"));
    driver.reading().await;
    drop(indicator);
    let (diagnosis, reason) = driver.lost().await;
    assert_eq!(diagnosis, Diagnosis::NoPort, "{reason}");
    // Another pseudo-terminal under the same name.
    let _indicator = Indicator::plug(&port, streams(TOLEDO));
    driver.found().await;
    assert_eq!(driver.reading().await.gross_kg, 40_180);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_not_there_is_named() {
    let dir = TempDir::new().expect("a directory");
    let mut driver = Driver::start(settings(ScalePort::Tty(dir.path().join("nothing")), "xk3190"));
    let (diagnosis, reason) = driver.lost().await;
    assert_eq!(diagnosis, Diagnosis::NoPort);
    assert!(reason.contains("nothing can not be opened"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_of_a_line_is_told_by_its_name_and_passes() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let speech = streams(b"");
    let _indicator = Indicator::plug(&port, Arc::clone(&speech));
    let mut driver = Driver::start(settings(ScalePort::Tty(port), "xk3190"));
    // Another rate gives bytes of another shape; a wrong check and another layout give frames that aren't read.
    for (sends, shown) in [
        (&b""[..], Diagnosis::NoBytes),
        (&[0xF8, 0x80, 0x1E, 0x00, 0x9A], Diagnosis::BytesNoFrames),
        (b"\x02+040180017\x03", Diagnosis::FramesNotRead),
        (XK3190, Diagnosis::Streaming),
        (b"\x02+020480510\x03", Diagnosis::FramesNotRead),
        (b"", Diagnosis::NoBytes),
        (XK3190, Diagnosis::Streaming),
    ] {
        change(&speech, sends);
        driver.shows(shown).await;
    }
}

/// From now on it sends this.
fn change(speech: &Speech, sends: &'static [u8]) {
    *speech.lock().expect("not poisoned") = Box::new(move |heard| match heard {
        Heard::Tick => sends.to_vec(),
        Heard::Bytes(_) => vec![],
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn another_scale_than_the_configured_one_gives_no_weight() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let _indicator = Indicator::plug(&port, answers(TENSO_M));
    let tenso = |max_kg| {
        let mut settings = settings(ScalePort::Tty(port.clone()), "tenso-m");
        settings.expected = Expected { max_kg: Some(max_kg), division_kg: Some(20) };
        settings
    };
    let mut driver = Driver::start(tenso(80_000));
    let lost = driver.lost_without_weight().await;
    let told = "the indicator's Max is 60000 kg, the configuration says 80000 kg";
    assert_eq!(lost, (Diagnosis::OtherScale, told.to_owned()));
    drop(driver);
    let mut driver = Driver::start(tenso(60_000));
    assert_eq!(driver.reading().await.gross_kg, 40_180);
}

#[tokio::test(flavor = "multi_thread")]
async fn h16_a_frame_that_noise_changed_is_never_a_weight() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let mut sent = 0;
    let indicator: Speech = Arc::new(std::sync::Mutex::new(Box::new(move |heard| match heard {
        Heard::Bytes(_) => vec![],
        Heard::Tick => {
            sent += 1;
            // Every fifth frame is another weight with a right check.
            if sent % 5 == 0 { b"\x02+04818001E\x03".to_vec() } else { XK3190.to_vec() }
        }
    })));
    let _indicator = Indicator::plug(&port, indicator);
    let mut driver = Driver::start(settings(ScalePort::Tty(port), "xk3190"));
    let mut counted = 0;
    while counted < 10 {
        let reading = driver.reading().await;
        assert_eq!(reading.gross_kg, 40_180, "{reading:?}");
        counted += usize::from(reading.stability == Stability::Unknown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overload_is_told_and_is_no_weight() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let _indicator = Indicator::plug(&port, streams(b"\x0224 000000000000\r"));
    let mut driver = Driver::start(settings(ScalePort::Tty(port), "toledo-continuous"));
    let why = driver
        .wait(|event| {
            assert!(!matches!(event, ScaleEvent::Reading(_)), "{event:?}");
            if let ScaleEvent::Unusable { why } = event { Some(why) } else { None }
        })
        .await;
    assert_eq!(why, WhyNot::Overload);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_indicator_is_lost_and_its_last_weight_is_not_told_again() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let speech = streams(XK3190);
    let _indicator = Indicator::plug(&port, Arc::clone(&speech));
    let mut driver = Driver::start(settings(ScalePort::Tty(port), "xk3190"));
    driver.reading().await;
    change(&speech, b"");
    assert_eq!(driver.lost().await.0, Diagnosis::NoBytes);
    // The menu is left, and two frames come: too few to agree, whatever came before the silence.
    let mut left = 2;
    *speech.lock().expect("not poisoned") = Box::new(move |heard| match heard {
        Heard::Tick if left > 0 => {
            left -= 1;
            XK3190.to_vec()
        }
        Heard::Tick | Heard::Bytes(_) => vec![],
    });
    assert_eq!(driver.lost_without_weight().await.0, Diagnosis::NoBytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_formats_of_a_real_port_are_taken_by_a_pseudo_terminal_too() {
    for format in ["7E1", "8O2", "8N1"] {
        let dir = TempDir::new().expect("a directory");
        let port = dir.path().join("bridge");
        let _indicator = Indicator::plug(&port, streams(TOLEDO));
        let mut settings = settings(ScalePort::Tty(port), "toledo-continuous");
        settings.line = format.parse().expect("a format");
        settings.baud = 19_200;
        let mut driver = Driver::start(settings);
        let reading = tokio::time::timeout(Duration::from_secs(10), driver.reading()).await.expect(format);
        assert_eq!(reading.gross_kg, 40_180, "{format}");
    }
}

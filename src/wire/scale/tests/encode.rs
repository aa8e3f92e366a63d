//! Frames made by hand: nothing here is shared with the decoders, so that an error of theirs can't hide behind the same
//! error here.

use crate::model::scale::Dialect;

use super::dialect;

/// What guards a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// A check: no single changed byte goes unnoticed.
    Check,
    /// Nothing but the frame's form.
    Form,
}

/// One protocol's frames.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) speech: &'static str,
    pub(super) guard: Guard,
    /// A frame of so many whole kilograms, 0 to 99 999.
    pub(super) frame: fn(i64) -> Vec<u8>,
    /// Whether the check denies a frame.
    pub(super) denies: fn(&[u8]) -> bool,
}

impl Case {
    pub(super) fn dialect(&self) -> Dialect {
        dialect(self.speech)
    }
}

const fn never(_: &[u8]) -> bool {
    false
}

/// Every protocol and layout.
pub(super) const CASES: &[Case] = &[
    Case { speech: "xk3190", guard: Guard::Check, frame: manual, denies: manual_denies },
    Case { speech: "xk3190 layout=seven_digits_tenths", guard: Guard::Check, frame: tenths, denies: manual_denies },
    Case { speech: "xk3190 layout=equals_reversed", guard: Guard::Form, frame: equals_reversed, denies: never },
    Case { speech: "xk3190 layout=equals", guard: Guard::Form, frame: equals, denies: never },
    Case { speech: "xk3190 layout=equals_price", guard: Guard::Form, frame: equals_price, denies: never },
    Case { speech: "xk3190 layout=a12 checksum=on", guard: Guard::Check, frame: a12, denies: a12_denies },
    Case { speech: "xk3190 layout=a12", guard: Guard::Form, frame: a12, denies: never },
    Case { speech: "xk3190 layout=a12", guard: Guard::Form, frame: a12_clone, denies: never },
    Case { speech: "xk3190-command", guard: Guard::Check, frame: command, denies: command_denies },
    Case { speech: "toledo-continuous", guard: Guard::Form, frame: toledo, denies: never },
    Case { speech: "toledo-continuous checksum=on", guard: Guard::Check, frame: toledo_sum, denies: toledo_denies },
    Case { speech: "toledo-continuous layout=short", guard: Guard::Form, frame: toledo_short, denies: never },
    Case { speech: "tenso-m checksum=on", guard: Guard::Check, frame: tenso, denies: tenso_denies },
    Case { speech: "tenso-m", guard: Guard::Form, frame: tenso, denies: never },
    Case { speech: "tenso-m address=1", guard: Guard::Form, frame: tenso_bare, denies: never },
    Case { speech: "tenso-m checksum=off address=1", guard: Guard::Form, frame: tenso_bare, denies: never },
    Case { speech: "mt-sics", guard: Guard::Form, frame: mt_sics, denies: never },
    Case { speech: "st-gs", guard: Guard::Form, frame: st_gs, denies: never },
    Case { speech: "st-gs", guard: Guard::Form, frame: cas, denies: never },
    Case { speech: "st-gs layout=cas_ci100", guard: Guard::Form, frame: cas_ci_100, denies: never },
    Case { speech: "sma", guard: Guard::Form, frame: sma, denies: never },
    Case { speech: "rinstrum layout=fmt_1", guard: Guard::Form, frame: fmt_1, denies: never },
    Case { speech: "rinstrum layout=fmt_2", guard: Guard::Form, frame: fmt_2, denies: never },
    Case { speech: "rinstrum layout=fmt_3", guard: Guard::Form, frame: fmt_3, denies: never },
    Case { speech: "rinstrum layout=fmt_4", guard: Guard::Form, frame: fmt_4, denies: never },
    Case { speech: "rinstrum layout=fmt_5", guard: Guard::Form, frame: fmt_5, denies: never },
    Case { speech: DECLARED, guard: Guard::Form, frame: declared, denies: never },
];

const DECLARED: &str = r"pattern pattern=W(?<weight>[+-]\d{5})(?:(?<stable>S)|(?<moving>D))(?<unit>kg)";

fn xor_of(bytes: &[u8]) -> u8 {
    let mut all = 0;
    for byte in bytes {
        all ^= byte;
    }
    all
}

fn hex_pair(check: u8) -> [u8; 2] {
    let digits = b"0123456789ABCDEF";
    [digits[usize::from(check / 16)], digits[usize::from(check % 16)]]
}

/// Whether two characters are a check: hex of either case, or a nibble above ten as the clones send it, ':' to '?'.
fn is_check(pair: &[u8], check: u8) -> bool {
    let letters = hex_pair(check);
    let above_zero = [b'0' + check / 16, b'0' + check % 16];
    pair.iter()
        .zip(letters.iter().zip(&above_zero))
        .all(|(said, (letter, above))| said.eq_ignore_ascii_case(letter) || said == above)
}

fn manual(kg: i64) -> Vec<u8> {
    let text = format!("+{kg:06}0");
    let [high, low] = hex_pair(xor_of(text.as_bytes()));
    [&[0x02][..], text.as_bytes(), &[high, low, 0x03]].concat()
}

fn tenths(kg: i64) -> Vec<u8> {
    // In tenths the last digit is 0 for whole kilograms: the same bytes.
    manual(kg)
}

fn manual_denies(raw: &[u8]) -> bool {
    let raw: Vec<u8> = raw.iter().map(|byte| byte % 128).collect();
    let check = xor_of(&raw[1..9]);
    raw.len() != 12 || !is_check(&raw[9..11], check)
}

fn equals(kg: i64) -> Vec<u8> {
    format!("=0{kg:06}.").into_bytes()
}

fn equals_reversed(kg: i64) -> Vec<u8> {
    let shown: String = format!("0{kg:06}.").chars().rev().collect();
    format!("={shown}").into_bytes()
}

fn equals_price(kg: i64) -> Vec<u8> {
    format!("=0{kg:06}.;00012.50").into_bytes()
}

fn a12(kg: i64) -> Vec<u8> {
    let text = format!("WG{kg:06} kg");
    let [high, low] = hex_pair(xor_of(text.as_bytes()));
    [text.as_bytes(), &[high, low], b"\r\n"].concat()
}

fn a12_clone(kg: i64) -> Vec<u8> {
    format!("ww{kg:06} kg\r\n").into_bytes()
}

fn a12_denies(raw: &[u8]) -> bool {
    let raw: Vec<u8> = raw.iter().map(|byte| byte % 128).collect();
    raw.len() != 13 || !is_check(&raw[11..], xor_of(&raw[..11]))
}

fn command(kg: i64) -> Vec<u8> {
    let text = format!("AB+{kg:06}0");
    let [high, low] = hex_pair(xor_of(text.as_bytes()));
    [&[0x02][..], text.as_bytes(), &[high, low, 0x03]].concat()
}

fn command_denies(raw: &[u8]) -> bool {
    let raw: Vec<u8> = raw.iter().map(|byte| byte % 128).collect();
    let end = raw.len() - 3;
    !is_check(&raw[end..end + 2], xor_of(&raw[1..end]))
}

fn toledo(kg: i64) -> Vec<u8> {
    format!("\x02*0 {kg:06}000000\r").into_bytes()
}

fn toledo_sum(kg: i64) -> Vec<u8> {
    let mut frame = toledo(kg);
    let sum: u32 = frame.iter().map(|byte| u32::from(*byte)).sum();
    frame.push(u8::try_from((128 - sum % 128) % 128).expect("seven bits"));
    frame
}

fn toledo_denies(raw: &[u8]) -> bool {
    raw.len() != 18 || raw.iter().map(|byte| u32::from(byte % 128)).sum::<u32>() % 128 != 0
}

fn toledo_short(kg: i64) -> Vec<u8> {
    format!("\x02*0 {kg:06}\r").into_bytes()
}

/// The CRC as the maker's documents have it: bit by bit through a register, with eight zero bits behind the message.
fn tenso_crc(message: &[u8]) -> u8 {
    let mut register: u16 = 0;
    for byte in message.iter().chain([&0]) {
        for bit in (0..8).rev() {
            register = register << 1 | u16::from(byte >> bit & 1);
            if register & 0x100 != 0 {
                register = (register & 0xFF) ^ 0x69;
            }
        }
    }
    register.to_le_bytes()[0]
}

fn tenso_body(kg: i64) -> Vec<u8> {
    let digits = format!("{kg:06}").into_bytes();
    let pair = |at: usize| (digits[at] - b'0') * 16 + digits[at + 1] - b'0';
    vec![0x01, 0xC3, pair(4), pair(2), pair(0), 0x10]
}

fn tenso_frame(body: &[u8]) -> Vec<u8> {
    let stuffed = body.iter().flat_map(|byte| if *byte == 0xFF { vec![0xFF, 0xFE] } else { vec![*byte] });
    [0xFF].into_iter().chain(stuffed).chain([0xFF, 0xFF]).collect()
}

fn tenso(kg: i64) -> Vec<u8> {
    let mut body = tenso_body(kg);
    body.push(tenso_crc(&body));
    tenso_frame(&body)
}

fn tenso_bare(kg: i64) -> Vec<u8> {
    tenso_frame(&tenso_body(kg))
}

fn tenso_denies(raw: &[u8]) -> bool {
    let mut body = Vec::new();
    let mut inner = raw[1..raw.len() - 2].iter();
    while let Some(byte) = inner.next() {
        body.push(*byte);
        if *byte == 0xFF && inner.next() != Some(&0xFE) {
            return true;
        }
    }
    // A right CRC makes the CRC of the whole zero.
    let (crc, message) = body.split_last().expect("a body");
    tenso_crc(message) != *crc
}

fn mt_sics(kg: i64) -> Vec<u8> {
    format!("S S {kg:>10} kg\r\n").into_bytes()
}

fn st_gs(kg: i64) -> Vec<u8> {
    format!("ST,GS,+{kg:07}kg\r\n").into_bytes()
}

fn cas(kg: i64) -> Vec<u8> {
    [b"ST,GS,1\xE4,", format!("{kg:>8} kg\r\n").as_bytes()].concat()
}

fn cas_ci_100(kg: i64) -> Vec<u8> {
    format!("\n {kg:>7}kg\r\n0pp0\r\x03").into_bytes()
}

fn sma(kg: i64) -> Vec<u8> {
    format!("\n 1G  {kg:>10}kg \r").into_bytes()
}

fn fmt_1(kg: i64) -> Vec<u8> {
    format!("\x02 {kg:>7}G\x03").into_bytes()
}

fn fmt_2(kg: i64) -> Vec<u8> {
    format!("\x02 {kg:>7}G  - kg\x03").into_bytes()
}

fn fmt_3(kg: i64) -> Vec<u8> {
    format!("\x02 {kg:>7}GSI   \x03").into_bytes()
}

fn fmt_4(kg: i64) -> Vec<u8> {
    format!("STGR {kg:>7}kg\r\n").into_bytes()
}

fn fmt_5(kg: i64) -> Vec<u8> {
    format!(" {kg:>7}KG \r\n").into_bytes()
}

fn declared(kg: i64) -> Vec<u8> {
    format!("W+{kg:05}Skg\r\n").into_bytes()
}

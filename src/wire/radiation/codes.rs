//! The one table of a portal's codes, and the form of its lines (devices.md §5).
//!
//! Read in public software: `GB`, `NB`, `GS`, `NS` with four counts of six digits, one a panel, and an instant
//! `hh-mm-ss.mmm` that may be missing. All other codes, and that a count line covers one second, are as the field
//! knows them and were not on the bench: hold them against the portal's manual before the lane relies on them.

/// Most panels of a portal.
const PANELS_MAX: usize = 8;
/// Digits of a count.
const COUNT_DIGITS: usize = 6;

/// Which radiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ray {
    Gamma,
    Neutron,
}

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// Nobody is between the pillars, and the background is in order.
    Background(Ray),
    /// The background is too high or too low.
    BackgroundFault(Ray, &'static str),
    /// Counts while somebody is between them.
    Counts(Ray),
    /// Counts that are an alarm.
    Alarm(Ray),
    /// The vehicle is through.
    End,
    /// The cabinet was opened.
    Tampered,
    /// It is closed.
    TamperOver,
    /// Known, and nothing for the lane: speed, settings, identity.
    Note,
}

const CODES: [(&str, Code); 18] = [
    ("GB", Code::Background(Ray::Gamma)),
    ("NB", Code::Background(Ray::Neutron)),
    ("GH", Code::BackgroundFault(Ray::Gamma, "the gamma background is too high")),
    ("GL", Code::BackgroundFault(Ray::Gamma, "the gamma background is too low")),
    ("NH", Code::BackgroundFault(Ray::Neutron, "the neutron background is too high")),
    ("NL", Code::BackgroundFault(Ray::Neutron, "the neutron background is too low")),
    ("GS", Code::Counts(Ray::Gamma)),
    ("NS", Code::Counts(Ray::Neutron)),
    ("GA", Code::Alarm(Ray::Gamma)),
    ("NA", Code::Alarm(Ray::Neutron)),
    ("GX", Code::End),
    ("TT", Code::Tampered),
    ("TC", Code::TamperOver),
    ("SP", Code::Note),
    ("SG", Code::Note),
    ("SN", Code::Note),
    ("ID", Code::Note),
    ("AB", Code::Note),
];

/// A line that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: Code,
    /// Sum over the panels; zero for lines without counts.
    pub(super) counts: u32,
}

/// Why a line was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLine {
    /// Not text, too long, or cut off.
    Garbled,
    /// Two letters that the table lacks.
    UnknownCode,
    /// A known code whose counts are none.
    BadCounts,
}

impl NoLine {
    /// As metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Garbled => "garbled",
            Self::UnknownCode => "unknown_code",
            Self::BadCounts => "bad_counts",
        }
    }
}

pub(super) fn parse(line: &str) -> Result<Said, NoLine> {
    let (name, fields) = line.split_once(',').map_or((line, None), |(name, fields)| (name, Some(fields)));
    let known = CODES.into_iter().find(|(known, _)| *known == name);
    let Some((_, code)) = known else {
        // Setup lines are numbered, and there are more of them than a table should hold.
        let setup = matches!(name.as_bytes(), [b'S', b'0'..=b'9'] | [b'S', b'G' | b'N', b'0'..=b'9']);
        let coded = name.len() <= 3 && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return match (setup, coded) {
            (true, _) => Ok(Said { code: Code::Note, counts: 0 }),
            (false, true) => Err(NoLine::UnknownCode),
            (false, false) => Err(NoLine::Garbled),
        };
    };
    let counts = match code {
        Code::Background(_) | Code::Counts(_) => counts(fields.unwrap_or_default())?,
        // An alarm or a fault is one, whatever its counts look like.
        Code::Alarm(_) | Code::BackgroundFault(..) => fields.and_then(|fields| counts(fields).ok()).unwrap_or(0),
        Code::End | Code::Tampered | Code::TamperOver | Code::Note => 0,
    };
    Ok(Said { code, counts })
}

/// The panels' counts, summed; an instant may follow.
fn counts(fields: &str) -> Result<u32, NoLine> {
    let mut fields: Vec<_> = fields.split(',').map(str::trim).collect();
    if fields.last().is_some_and(|last| is_instant(last)) {
        fields.pop();
    }
    if fields.is_empty() || fields.len() > PANELS_MAX {
        return Err(NoLine::BadCounts);
    }
    fields.into_iter().try_fold(0_u32, |sum, field| {
        let whole = (1..=COUNT_DIGITS).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit());
        let count = Some(field).filter(|_| whole).and_then(|field| field.parse::<u32>().ok());
        count.map(|count| sum + count).ok_or(NoLine::BadCounts)
    })
}

/// `hh-mm-ss.mmm`.
fn is_instant(text: &str) -> bool {
    let mut parts = text.split('-');
    let two = |part: Option<&str>| part.is_some_and(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
    let hours_and_minutes = two(parts.next()) && two(parts.next());
    let seconds = parts.next().and_then(|part| part.split_once('.'));
    let seconds = seconds.is_some_and(|(whole, rest)| {
        two(Some(whole)) && rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit())
    });
    hours_and_minutes && seconds && parts.next().is_none()
}

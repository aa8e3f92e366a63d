//! What document readers and radiation portals on serial lines speak.

/// What a document reader on a serial line speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderProtocol {
    /// Lines of text, ended by CR, LF or both.
    Lines,
    /// Packets of the Simple Serial Interface with a checksum.
    Ssi,
}

impl ReaderProtocol {
    /// Each by its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("lines", Self::Lines), ("ssi", Self::Ssi)];
}

/// What a radiation portal speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalProtocol {
    /// Lines of two letters and counts, as TSA's and Rapiscan's portals send them.
    RpmLines,
}

impl PortalProtocol {
    /// Each by its name in the configuration.
    pub const NAMES: [(&'static str, Self); 1] = [("rpm-lines", Self::RpmLines)];
}

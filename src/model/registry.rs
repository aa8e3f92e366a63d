//! What traders submit: prior notifications, declarations, parties (contract, Registry payloads).

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::privacy::{PersonId, PersonName, Plate};
pub use super::receipt::{PathError, Receipt, ReceiptResult, RegisterKind};
use super::state::Direction;

/// What a document does to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Enter or replace.
    #[default]
    Upsert,
    /// Take back.
    Withdraw,
}

/// A plate with the country that issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateOf {
    /// As submitted.
    pub plate: Plate,
    /// ISO alpha-2, `00` unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A combination of vehicles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    /// What pulls.
    pub tractor: PlateOf,
    /// What is pulled, first trailer first.
    #[serde(default)]
    pub trailers: Vec<PlateOf>,
}

/// A natural or legal person as a notification names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierRef {
    /// BIN, IIN, INN or foreign number.
    pub id: PersonId,
    /// Name.
    #[serde(default)]
    pub name: PersonName,
    /// ISO alpha-2.
    #[serde(default)]
    pub country: String,
}

/// Kind of a referenced document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// EAEU transit declaration.
    TransitDeclaration,
    /// Goods declaration.
    GoodsDeclaration,
    /// TIR carnet.
    TirCarnet,
    /// Movement reference number (common transit).
    Mrn,
    /// Consignment note.
    Cmr,
    /// Carriage permit.
    Permit,
}

/// A reference to a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRef {
    /// What it is.
    pub kind: DocumentKind,
    /// Its number as submitted.
    pub number: String,
}

/// One item of goods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goods {
    /// From 1.
    pub item: u32,
    /// 6 to 10 digits; a leading zero counts.
    pub code: String,
    /// In words.
    #[serde(default)]
    pub description: String,
    /// Kilograms.
    pub gross_kg: f64,
    /// Count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// ISO alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Dangerous goods on board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dangerous {
    /// UN number, four digits.
    pub un: String,
    /// ADR class.
    pub class: String,
}

/// A prior notification of goods coming by road.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriorNotification {
    /// Its number: an opaque token of 1 to 50 characters.
    pub number: String,
    /// Grows with every amendment.
    pub revision: u64,
    /// Enter or withdraw.
    #[serde(default)]
    pub action: Action,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When the vehicle is expected.
    pub expected_at: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// Entry, exit or transit.
    pub direction: Direction,
    /// The crossing point where it is expected, where the trader names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Who carries.
    pub carrier: CarrierRef,
    /// What comes.
    pub vehicle: Vehicle,
    /// Container numbers.
    #[serde(default)]
    pub containers: Vec<String>,
    /// Seal numbers.
    #[serde(default)]
    pub seals: Vec<String>,
    /// What else it refers to.
    #[serde(default)]
    pub documents: Vec<DocumentRef>,
    /// What is carried.
    #[serde(default)]
    pub goods: Vec<Goods>,
    /// Gross mass of the goods.
    pub gross_kg: f64,
    /// The empty combination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tare_kg: Option<f64>,
    /// The laden combination, as the scale should see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laden_kg: Option<f64>,
    /// Nothing on board.
    #[serde(default)]
    pub empty: bool,
    /// Goods in free circulation owe no declaration.
    #[serde(default)]
    pub customs_status: CustomsStatus,
    /// Dangerous goods.
    #[serde(default)]
    pub dangerous: Vec<Dangerous>,
}

/// Kind of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationKind {
    /// EAEU transit.
    Transit,
    /// Goods.
    Goods,
    /// TIR.
    Tir,
    /// Common transit.
    CommonTransit,
}

impl DeclarationKind {
    /// How a notification refers to it.
    #[must_use]
    pub const fn document_kind(self) -> DocumentKind {
        match self {
            Self::Transit => DocumentKind::TransitDeclaration,
            Self::Goods => DocumentKind::GoodsDeclaration,
            Self::Tir => DocumentKind::TirCarnet,
            Self::CommonTransit => DocumentKind::Mrn,
        }
    }
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationStatus {
    /// Handed in.
    Lodged,
    /// Registered by customs.
    Registered,
    /// The goods may move.
    Released,
    /// Stopped for now.
    Suspended,
    /// Done.
    Completed,
    /// Void.
    Cancelled,
}

impl DeclarationStatus {
    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lodged => "lodged",
            Self::Registered => "registered",
            Self::Released => "released",
            Self::Suspended => "suspended",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Status of the goods under customs law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum CustomsStatus {
    /// Under customs control.
    #[default]
    Foreign,
    /// In free circulation: no declaration owed.
    Union,
}

/// Security for duties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// Its kind.
    pub kind: String,
    /// Until when it holds.
    pub valid_until: Timestamp,
}

/// Who answers for the procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// BIN, IIN, INN or foreign number.
    pub id: PersonId,
    /// ISO alpha-2.
    #[serde(default)]
    pub country: String,
}

/// A declaration. An adjustment is a higher revision of the same number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: DeclarationKind,
    /// Grows with every adjustment.
    pub revision: u64,
    /// Where it stands.
    pub status: DeclarationStatus,
    /// The vehicle, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<Vehicle>,
    /// Container numbers.
    #[serde(default)]
    pub containers: Vec<String>,
    /// Seal numbers.
    #[serde(default)]
    pub seals: Vec<String>,
    /// 1 to 999 items.
    pub goods: Vec<Goods>,
    /// Gross mass of the goods.
    pub gross_kg: f64,
    /// Security.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<Guarantee>,
    /// Who answers.
    pub holder: Holder,
    /// Until when the procedure must end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Status of the goods.
    #[serde(default)]
    pub customs_status: CustomsStatus,
}

/// What a party may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// Carrier.
    Carrier,
    /// Customs carrier.
    CustomsCarrier,
    /// Customs representative.
    Representative,
    /// Authorised economic operator.
    Aeo,
    /// Warehouse keeper.
    Warehouse,
}

/// Whether a party may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyStatus {
    /// May act.
    Active,
    /// May not act for now.
    Suspended,
    /// Struck off.
    Excluded,
}

/// A party of the registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// BIN, IIN, INN or foreign number.
    pub id: PersonId,
    /// Grows with every change.
    pub revision: u64,
    /// Enter or withdraw.
    #[serde(default)]
    pub action: Action,
    /// Name.
    pub name: PersonName,
    /// ISO alpha-2.
    pub country: String,
    /// What it may do.
    pub roles: Vec<PartyRole>,
    /// Whether it may.
    pub status: PartyStatus,
    /// Since when.
    pub since: Timestamp,
}

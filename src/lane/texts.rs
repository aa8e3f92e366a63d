//! The one catalogue of texts on the driver's display.

use crate::model::command::Texts;

/// What the driver is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Welcome,
    DriveIn,
    Wait,
    Go,
    DocumentsPlease,
    OfficerComes,
    CallTaken,
    ToInspection,
    LaneClosed,
}

pub(super) fn texts(message: Message) -> Texts {
    let (kk, ru, en) = match message {
        Message::Welcome => ("Тоқтау сызығына дейін жүріңіз", "Проезжайте до стоп-линии", "Drive up to the stop line"),
        Message::DriveIn => ("Кіріңіз", "Заезжайте", "Drive in"),
        Message::Wait => ("Күтіңіз", "Ожидайте", "Please wait"),
        Message::Go => ("Жүріңіз", "Проезжайте", "Go"),
        Message::DocumentsPlease => ("Құжаттарды дайындаңыз", "Подготовьте документы", "Have your documents ready"),
        Message::OfficerComes => {
            ("Күтіңіз, инспектор келеді", "Ожидайте, подойдёт инспектор", "Please wait, an officer is coming")
        }
        Message::CallTaken => {
            ("Шақыру қабылданды, күтіңіз", "Вызов принят, ожидайте", "Your call was received, please wait")
        }
        Message::ToInspection => ("Тексеру алаңына өтіңіз", "Проезжайте на досмотр", "Drive to the inspection bay"),
        Message::LaneClosed => ("Жолақ жабық", "Полоса закрыта", "Lane closed"),
    };
    Texts { kk: kk.to_owned(), ru: ru.to_owned(), en: en.to_owned() }
}

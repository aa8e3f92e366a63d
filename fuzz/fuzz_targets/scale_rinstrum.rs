#![no_main]
lane_controller_fuzz::scale_target!(
    "rinstrum layout=fmt_1",
    "rinstrum layout=fmt_2",
    "rinstrum layout=fmt_3",
    "rinstrum layout=fmt_4",
    "rinstrum layout=fmt_5",
);

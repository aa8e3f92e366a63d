#![no_main]
lane_controller_fuzz::scale_target!(
    "xk3190",
    "xk3190 layout=seven_digits_tenths",
    "xk3190 layout=equals_reversed",
    "xk3190 layout=equals",
    "xk3190 layout=equals_price",
    "xk3190 layout=a12",
    "xk3190 layout=a12 checksum=on",
);

#![no_main]
lane_controller_fuzz::scale_target!(
    r"pattern pattern=(?<status>..),(?<record>\d+),(?<sign>[+-])(?<net>[\d.]+),(?<tare>\d+)(?<unit>kg|t)(?<zero>Z)?",
    r"pattern pattern=(?:(?<stable>ST)|(?<moving>US)|(?<overload>OL)|(?<underload>UL))(?<weight>[-\d,.]*)",
);

//// Reads METAR, the terse weather reports that airfields send every half hour.

import gleam/int
import gleam/list
import gleam/result
import gleam/string

pub type Wind {
  Calm
  Steady(degrees: Int, knots: Int)
  Shifting(knots: Int)
}

pub type ReadError {
  UnknownWind(group: String)
  UnknownPressure(group: String)
  NotANumber(text: String)
}

const feet_per_step = 100

fn number(text: String) -> Result(Int, ReadError) {
  int.parse(text) |> result.replace_error(NotANumber(text))
}

/// `24015KT` is fifteen knots from the southwest, `VRB03KT` a breeze that cannot make up its mind.
pub fn read_wind(group: String) -> Result(Wind, ReadError) {
  case group {
    "00000KT" -> Ok(Calm)
    "VRB" <> rest -> {
      use knots <- result.map(number(string.replace(rest, "KT", "")))
      Shifting(knots)
    }
    _ ->
      case string.ends_with(group, "KT") {
        True -> {
          use degrees <- result.try(number(string.slice(group, 0, 3)))
          use knots <- result.map(number(string.slice(group, 3, 2)))
          Steady(degrees, knots)
        }
        False -> Error(UnknownWind(group))
      }
  }
}

/// Hectopascals. Americans send inches of mercury (`A2992`), everybody else `Q1013`.
pub fn read_pressure(group: String) -> Result(Int, ReadError) {
  case group {
    "Q" <> hectopascals -> number(hectopascals)
    "A" <> inches -> {
      use hundredths <- result.map(number(inches))
      hundredths * 3386 / 10_000
    }
    _ -> Error(UnknownPressure(group))
  }
}

/// Height of the lowest layer that covers more than half of the sky, in feet.
pub fn ceiling(groups: List(String)) -> Result(Int, Nil) {
  groups
  |> list.filter(fn(group) {
    string.starts_with(group, "BKN") || string.starts_with(group, "OVC")
  })
  |> list.filter_map(fn(group) { int.parse(string.slice(group, 3, 3)) })
  |> list.map(fn(steps) { steps * feet_per_step })
  |> list.reduce(int.min)
}

pub fn explain(error: ReadError) -> String {
  case error {
    UnknownWind(group) -> "cannot read the wind from " <> group
    UnknownPressure(group) -> "cannot read the pressure from " <> group
    NotANumber(text) -> "expected digits but found " <> text
  }
}

/// Scores of the dice game, and advice for those who cannot decide.
module Games.Yahtzee

open System

type Category =
    | Upper of int
    | ThreeOfAKind
    | FullHouse
    | SmallStraight
    | LargeStraight
    | Yahtzee
    | Chance

type Sheet = Map<Category, int>

/// Dice that differ in their order are the same roll.
let private sorted (dice: int list) =
    if List.length dice <> 5 then
        failwithf "A roll has 5 dice, not %d" (List.length dice)

    List.sort dice

let private counts dice =
    dice |> List.countBy id |> List.map snd |> List.sortDescending

let (|AtLeast|_|) wanted dice =
    match counts dice with
    | most :: _ when most >= wanted -> Some()
    | _ -> None

let private longestRun dice =
    let distinct = List.distinct dice |> List.sort

    let step (best, current, previous) die =
        let run = if die = previous + 1 then current + 1 else 1
        max best run, run, die

    let best, _, _ = List.fold step (0, 0, -1) distinct
    best

let score category dice =
    let dice = sorted dice

    match category, dice with
    | Upper face, _ -> face * (dice |> List.filter ((=) face) |> List.length)
    | ThreeOfAKind, AtLeast 3 -> List.sum dice
    | FullHouse, _ when counts dice = [ 3; 2 ] -> 25
    | SmallStraight, _ when longestRun dice >= 4 -> 30
    | LargeStraight, _ when longestRun dice = 5 -> 40
    | Yahtzee, AtLeast 5 -> 50
    | Chance, _ -> List.sum dice
    | _ -> 0

/// 35 points extra for those who have 63 in the upper half: three of each face.
let upperBonus (sheet: Sheet) =
    let total = sheet |> Map.toSeq |> Seq.sumBy (function Upper _, points -> points | _ -> 0)
    if total >= 63 then 35 else 0

/// What to enter: the most points, and among equals the one that stands higher on the sheet.
let advise (sheet: Sheet) dice =
    let isFree category = not (Map.containsKey category sheet)

    [ for face in 1..6 -> Upper face ] @ [ ThreeOfAKind; FullHouse; SmallStraight; LargeStraight; Yahtzee; Chance ]
    |> List.filter isFree
    |> List.sortByDescending (fun category -> score category dice)
    |> List.tryHead

let roll (random: Random) kept =
    kept @ [ for _ in List.length kept + 1 .. 5 -> random.Next(1, 7) ]

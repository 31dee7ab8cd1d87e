(** Bookkeeping of a club: every entry has two sides. *)

type account =
  | Cash
  | Bank
  | Dues
  | Rent
  | Other of string

(** Amounts are cents; positive on the debit side. *)
type posting = { account : account; cents : int }
type entry = { day : string; memo : string; postings : posting list }

exception Unbalanced of { memo : string; off_by : int }

module Accounts = Map.Make (struct
  type t = account

  let compare = compare
end)

type t = { entries : entry list; totals : int Accounts.t }

let empty = { entries = []; totals = Accounts.empty }
let sum_of postings = List.fold_left (fun sum posting -> sum + posting.cents) 0 postings

let add_posting totals { account; cents } =
  Accounts.update account (fun total -> Some (Option.value total ~default:0 + cents)) totals

let post ledger entry =
  match sum_of entry.postings with
  | 0 ->
      {
        entries = entry :: ledger.entries;
        totals = List.fold_left add_posting ledger.totals entry.postings;
      }
  | off_by -> raise (Unbalanced { memo = entry.memo; off_by })

let balance ledger account = Option.value (Accounts.find_opt account ledger.totals) ~default:0

(** Auditors frown at gaps: the wrong entry stays, and the same amounts go to the other side. *)
let reverse ~day entry =
  let flip posting = { posting with cents = -posting.cents } in
  { day; memo = "Reversal: " ^ entry.memo; postings = List.map flip entry.postings }

let trial_balance ledger =
  Accounts.bindings ledger.totals
  |> List.sort (fun (_, left) (_, right) -> compare (abs right) (abs left))

(* Banks post at night, so that the day on the statement may be one later than ours: only amounts are compared. *)
let unmatched ledger ~statement =
  let rec take_out cents = function
    | [] -> None
    | head :: tail when head = cents -> Some tail
    | head :: tail -> Option.map (List.cons head) (take_out cents tail)
  in
  let booked =
    List.concat_map
      (fun entry ->
        List.filter_map (fun p -> if p.account = Bank then Some p.cents else None) entry.postings)
      ledger.entries
  in
  let step (left, missing) ((_, cents) as line) =
    match take_out cents left with
    | Some rest -> (rest, missing)
    | None -> (left, line :: missing)
  in
  List.rev (snd (List.fold_left step (booked, []) statement))

let describe = function
  | Unbalanced { memo; off_by } ->
      Some (Printf.sprintf "entry '%s' does not balance, it is off by %d cents" memo off_by)
  | _ -> None

let () = Printexc.register_printer describe

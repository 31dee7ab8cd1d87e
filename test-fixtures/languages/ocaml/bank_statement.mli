(** Reads the files in which banks tell what happened on an account (MT940). *)

type direction =
  | Credit
  | Debit

type line = {
  booked_on : string;  (** YYYY-MM-DD, the day that the bank writes on it *)
  direction : direction;
  cents : int;
  purpose : string;  (** what the sender typed, in pieces of 27 letters, joined again *)
  iban : string option;
}

type problem =
  | Missing_tag of string
  | Wrong_closing of { computed : int; stated : int }

type t

val parse : string -> (t, problem) result

val lines : t -> line list

(** Opening balance plus all lines must be the closing balance, or a page of the file is lost. *)
val check_totals : t -> (unit, problem) result

(** People write their name, an old name or that of their children into the purpose. Answers the member whose
    name needs the fewest changes of letters, or nothing when two are equally close. *)
val guess_payer : line -> members:string list -> string option

module Cursor : sig
  type cursor

  val from_last_import : t -> seen:string -> cursor
  val next : cursor -> (line * cursor) option
end

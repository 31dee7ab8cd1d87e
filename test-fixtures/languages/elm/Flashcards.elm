module Flashcards exposing (Card, Grade(..), Msg(..), Session, answer, dueOn, start, update, view)

{-| Learning words of a foreign language with cards that come back later and later. -}

import Html exposing (Html, button, div, p, text)
import Html.Events exposing (onClick)


type Grade
    = Forgot
    | Knew


type alias Card =
    { front : String, back : String, ease : Float, gapInDays : Int, dueDay : Int }


type alias Session =
    { today : Int, queue : List Card, finished : List Card, revealed : Bool }


type Msg
    = Reveal
    | Graded Grade


start : Int -> List Card -> Session
start today cards =
    { today = today, queue = dueOn today cards, finished = [], revealed = False }


{-| Oldest debts first, so that a holiday does not bury them. -}
dueOn : Int -> List Card -> List Card
dueOn day cards =
    List.sortBy .dueDay (List.filter (\card -> card.dueDay <= day) cards)


{-| A card that was known comes back after a longer gap; a forgotten one tomorrow, and it counts as harder from then on. -}
answer : Int -> Grade -> Card -> Card
answer today grade card =
    case grade of
        Forgot ->
            { card | gapInDays = 1, dueDay = today + 1, ease = max 1.3 (card.ease - 0.2) }

        Knew ->
            postpone today card.ease { card | ease = card.ease + 0.05 }


postpone : Int -> Float -> Card -> Card
postpone today factor card =
    let
        gap =
            max (card.gapInDays + 1) (round (toFloat card.gapInDays * factor))
    in
    { card | gapInDays = gap, dueDay = today + gap }


update : Msg -> Session -> Session
update msg session =
    case ( msg, session.queue ) of
        ( Graded grade, card :: rest ) ->
            { session | queue = rest, finished = answer session.today grade card :: session.finished, revealed = False }

        _ ->
            { session | revealed = True }


view : Session -> Html Msg
view session =
    case ( session.queue, session.revealed ) of
        ( [], _ ) ->
            p [] [ text "Nothing left for today. Come back tomorrow!" ]

        ( card :: _, False ) ->
            button [ onClick Reveal ] [ text card.front ]

        ( card :: _, True ) ->
            div [] [ text card.back, button [ onClick (Graded Forgot) ] [ text "Forgot" ], button [ onClick (Graded Knew) ] [ text "Knew it" ] ]

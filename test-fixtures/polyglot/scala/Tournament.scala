package example.chess

/** A player with the points won so far and everybody already met. */
final case class Player(name: String, points: Double, rating: Int, opponents: Set[String] = Set.empty)

final case class Pairing(white: Player, black: Player)

/** Pairs the rounds of a Swiss tournament: equals meet equals, and nobody meets the same opponent twice. */
object Tournament {

  /** The pairings of the next round, and the player who sits out when the number is odd. */
  def nextRound(players: List[Player]): Either[String, (List[Pairing], Option[Player])] = {
    val standing = players.sortBy(player => (-player.points, -player.rating))
    val (toPair, bye) =
      if (standing.size % 2 == 0) (standing, None)
      else (standing.init, standing.lastOption)

    pair(toPair) match {
      case Some(pairings) => Right((pairings, bye))
      case None           => Left("no pairing without a rematch is possible")
    }
  }

  /** Takes the leader, tries the nearest rival, and steps back when the rest cannot be paired. */
  private def pair(remaining: List[Player]): Option[List[Pairing]] = remaining match {
    case Nil => Some(Nil)
    case leader :: others =>
      others.iterator
        .filterNot(rival => leader.opponents.contains(rival.name))
        .map { rival =>
          pair(others.filterNot(_ == rival)).map(rest => colours(leader, rival) :: rest)
        }
        .collectFirst { case Some(pairings) => pairings }
  }

  /** The lower rated of the two gets the white pieces. */
  private def colours(a: Player, b: Player): Pairing =
    if (a.rating <= b.rating) Pairing(a, b) else Pairing(b, a)

  /** Sum of the points of all opponents, which separates players with equal scores. */
  def buchholz(player: Player, all: Map[String, Player]): Double =
    player.opponents.flatMap(name => all.get(name)).toList.map(_.points).sum
}

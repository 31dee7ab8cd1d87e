# Weights for opinion polls: those who answer the phone are older than those who vote.

library(stats)

MAX_WEIGHT <- 5

#' Share of each group among the answers, with the weights applied.
weighted_shares <- function(group, weight) {
  totals <- tapply(weight, group, sum)
  totals / sum(totals)
}

#' Adjusts the weights until the sample looks like the population on every margin (raking).
#'
#' @param answers data frame, one row for each person asked
#' @param targets list of named vectors, one for each column, with the shares of the census
rake_weights <- function(answers, targets, tolerance = 1e-4, rounds = 50) {
  weight <- rep(1, nrow(answers))
  for (round in seq_len(rounds)) {
    worst <- 0
    for (column in names(targets)) {
      group <- as.character(answers[[column]])
      present <- weighted_shares(group, weight)
      missing <- setdiff(names(targets[[column]]), names(present))
      if (length(missing) > 0) {
        stop(sprintf("nobody in group '%s' of column '%s' answered", missing[1], column))
      }
      factor <- targets[[column]][names(present)] / present
      weight <- weight * unname(factor[group])
      worst <- max(worst, abs(factor - 1))
    }
    if (worst < tolerance) {
      return(weight / mean(weight))
    }
  }
  warning("weights did not settle after ", rounds, " rounds")
  weight / mean(weight)
}

#' One loud pensioner must not speak for a whole town.
trim_weights <- function(weight, limit = MAX_WEIGHT) {
  trimmed <- pmin(weight, limit)
  trimmed * length(trimmed) / sum(trimmed)
}

#' How many plain interviews the weighted ones are worth (Kish).
effective_size <- function(weight) {
  sum(weight)^2 / sum(weight^2)
}

#' Half the width of the 95 percent interval, in percentage points.
margin_of_error <- function(share, weight) {
  100 * qnorm(0.975) * sqrt(share * (1 - share) / effective_size(weight))
}

projected_seats <- function(votes, seats, threshold = 0.05) {
  # Sainte-Lague: divide by 1, 3, 5 ... and take the largest quotients.
  votes <- votes[votes / sum(votes) >= threshold]
  quotients <- outer(votes, 2 * seq_len(seats) - 1, "/")
  winners <- order(quotients, decreasing = TRUE)[seq_len(seats)]
  table(factor(names(votes)[row(quotients)[winners]], levels = names(votes)))
}

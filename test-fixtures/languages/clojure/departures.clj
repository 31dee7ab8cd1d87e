(ns transit.departures
  "What leaves from a stop next, and how late it is."
  (:require [clojure.string :as str])
  (:import (java.time LocalTime)
           (java.time.temporal ChronoUnit)))

(defrecord Trip [line headsign stop planned delay-minutes])

(def board-size
  "Rows that fit on the sign above the platform."
  6)

(defn expected
  "When the vehicle will really be here."
  [{:keys [^LocalTime planned delay-minutes]}]
  (.plusMinutes planned (or delay-minutes 0)))

(defn minutes-until [now trip]
  (.between ChronoUnit/MINUTES now (expected trip)))

(defn night-line?
  "Night lines carry an N and only run after the last tram."
  [trip]
  (str/starts-with? (:line trip) "N"))

(defmulti wait-label
  "How the sign puts the minutes that remain."
  (fn [minutes]
    (cond
      (neg? minutes) :gone
      (zero? minutes) :now
      (< minutes 60) :soon
      :else :later)))

(defmethod wait-label :gone [_] "departed")
(defmethod wait-label :now [_] "at platform")
(defmethod wait-label :soon [minutes] (str minutes " min"))
(defmethod wait-label :later [_] "over an hour")

(defn catches-connection?
  "Whether somebody who gets off `inbound` reaches `outbound`, given `walk` minutes between the platforms.
  A delay of either vehicle counts, a delay of the first one against the passenger."
  [inbound outbound walk]
  (not (.isAfter (.plusMinutes (expected inbound) walk)
                 (expected outbound))))

(defn next-departures
  "The rows of the sign at `stop`, soonest first."
  [now stop trips]
  (->> trips
       (filter #(= stop (:stop %)))
       (remove #(neg? (minutes-until now %)))
       (sort-by expected)
       (take board-size)
       (map #(assoc % :label (wait-label (minutes-until now %))))))

(defn parse-trip
  "Reads a row of the operator's export: line;headsign;stop;HH:MM"
  [row]
  (let [fields (mapv str/trim (str/split row #";"))]
    (when-not (= 4 (count fields))
      (throw (ex-info (str "Timetable row needs 4 fields, got " (count fields)) {:row row})))
    (let [[line headsign stop planned] fields]
      (->Trip line headsign stop (LocalTime/parse planned) 0))))

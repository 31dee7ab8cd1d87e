/// When each tablet is due, and whether it may be taken now.
library medication_schedule;

enum MealRule { anyTime, withFood, emptyStomach }

class Medicine {
  const Medicine(
    this.name, {
    required this.perDay,
    required this.minimumGap,
    this.mealRule = MealRule.anyTime,
  });

  final String name;
  final int perDay;
  final Duration minimumGap;
  final MealRule mealRule;
}

class TooSoonException implements Exception {
  TooSoonException(this.medicine, this.wait);

  final Medicine medicine;
  final Duration wait;

  @override
  String toString() => 'Next ${medicine.name} in ${wait.inMinutes} minutes at the earliest';
}

class MedicationSchedule {
  MedicationSchedule(this._clock);

  final DateTime Function() _clock;
  final Map<Medicine, List<DateTime>> _taken = {};

  /// Notes that a tablet was swallowed. Refuses when the one before is still too fresh.
  void recordIntake(Medicine medicine) {
    final now = _clock();
    final history = _taken.putIfAbsent(medicine, () => []);
    if (history.isNotEmpty) {
      final since = now.difference(history.last);
      if (since < medicine.minimumGap) {
        throw TooSoonException(medicine, medicine.minimumGap - since);
      }
    }
    history.add(now);
  }

  /// Evenly spaced between getting up and going to bed, never in the middle of the night.
  List<DateTime> remindersFor(Medicine medicine, DateTime day, {int wakesAt = 7, int sleepsAt = 22}) {
    final awake = Duration(hours: sleepsAt - wakesAt);
    final gap = medicine.perDay == 1 ? Duration.zero : awake ~/ (medicine.perDay - 1);
    final first = DateTime(day.year, day.month, day.day, wakesAt);
    return [for (var i = 0; i < medicine.perDay; i++) first.add(gap * i)];
  }

  /// Share of the prescribed tablets that were really taken, as the clinic's report wants it.
  double adherence(Medicine medicine, {int days = 30}) {
    final from = _clock().subtract(Duration(days: days));
    final count = (_taken[medicine] ?? const []).where((time) => time.isAfter(from)).length;
    return (count / (medicine.perDay * days)).clamp(0.0, 1.0);
  }
}

extension BlisterPack on Medicine {
  int daysLeft(int tablets) => tablets ~/ perDay;

  /// Pharmacies need up to three days to order, plus a weekend.
  bool needsRefill(int tablets) => daysLeft(tablets) <= 5;
}

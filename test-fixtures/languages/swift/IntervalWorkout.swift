import Foundation

/// One stretch of a session, such as two minutes of hard running.
struct Interval: Codable, Equatable {
    enum Effort: String, Codable {
        case rest, easy, hard
    }

    let effort: Effort
    let seconds: Int
}

/// Whatever speaks to the runner: a voice in the headphones or a buzz on the wrist.
protocol Coach: AnyObject {
    func announce(_ interval: Interval)
    func countDown(_ seconds: Int)
}

enum WorkoutError: LocalizedError {
    case emptyPlan
    case pulseTooHigh(bpm: Int, limit: Int)

    var errorDescription: String? {
        switch self {
        case .emptyPlan:
            return "The plan has no intervals"
        case let .pulseTooHigh(bpm, limit):
            return "Pulse of \(bpm) is above your limit of \(limit), slow down"
        }
    }
}

/// Walks through a plan second by second. Owns no timer, so that tests can run an hour in no time.
final class IntervalWorkout {
    private let plan: [Interval]
    private weak var coach: Coach?
    private var index = 0
    private var elapsed = 0

    init(plan: [Interval], coach: Coach) throws {
        guard !plan.isEmpty else { throw WorkoutError.emptyPlan }
        self.plan = plan
        self.coach = coach
    }

    /// Called once a second. Answers false when the last interval is over.
    func tick() -> Bool {
        elapsed += 1
        let left = plan[index].seconds - elapsed
        if (1...3).contains(left) { coach?.countDown(left) }
        guard left <= 0 else { return true }
        index += 1
        elapsed = 0
        guard index < plan.count else { return false }
        coach?.announce(plan[index])
        return true
    }

    func checkPulse(_ bpm: Int, age: Int) throws {
        // The old rule of thumb; a stress test on the treadmill knows better.
        let limit = 220 - age
        if bpm > limit { throw WorkoutError.pulseTooHigh(bpm: bpm, limit: limit) }
    }
}

extension Array where Element == Interval {
    var totalSeconds: Int { reduce(0) { $0 + $1.seconds } }

    /// The same plan for the first week back after a cold: hard becomes easy, and all but the rests are shorter.
    func softened(by fraction: Double) -> [Interval] {
        map { interval in
            guard interval.effort != .rest else { return interval }
            return Interval(effort: .easy, seconds: Int(Double(interval.seconds) * (1 - fraction)))
        }
    }
}

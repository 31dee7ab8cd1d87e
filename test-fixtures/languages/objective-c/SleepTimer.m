#import "SleepTimer.h"

static const NSTimeInterval kRewind = 90;
static const NSInteger kLongestNight = 180;

// Ears hear loudness on a logarithmic scale; a straight line would seem to end abruptly.
static float SleepVolumeForProgress(double progress) {
    return (float)pow(10.0, -3.0 * MIN(MAX(progress, 0.0), 1.0));
}

@interface SleepTimer ()
@property (nonatomic) NSTimeInterval total;
@property (nonatomic) NSTimeInterval fade;
@property (nonatomic, readwrite) NSTimeInterval remaining;
@property (nonatomic) BOOL hasWarned;
@end

@implementation SleepTimer

- (instancetype)initWithMinutes:(NSInteger)minutes fade:(NSTimeInterval)fade {
    if (minutes < 1 || minutes > kLongestNight) {
        [NSException raise:NSInvalidArgumentException
                    format:@"A sleep timer of %ld minutes makes no sense", (long)minutes];
    }
    self = [super init];
    if (self) {
        _total = minutes * 60.0;
        _fade = MIN(fade, _total);
        _remaining = _total;
    }
    return self;
}

- (void)tick:(NSTimeInterval)elapsed {
    if (self.remaining <= 0 || self.mode == SleepTimerModeEndOfChapter) {
        return;
    }
    self.remaining = MAX(0, self.remaining - elapsed);
    if (self.remaining < self.fade) {
        [self warnOnce];
        double progress = 1.0 - self.remaining / self.fade;
        [self.delegate sleepTimer:self setVolume:SleepVolumeForProgress(progress)];
    }
    if (self.remaining == 0) {
        [self.delegate sleepTimerDidStopPlayback:self];
    }
}

- (void)chapterDidEnd {
    if (self.mode == SleepTimerModeEndOfChapter) {
        [self.delegate sleepTimerDidStopPlayback:self];
    }
}

// Somebody who shakes the phone is not asleep: full volume, and the whole time again.
- (void)phoneWasShaken {
    self.remaining = self.total;
    self.hasWarned = NO;
    [self.delegate sleepTimer:self setVolume:1.0f];
}

- (NSTimeInterval)resumePositionFrom:(NSTimeInterval)stoppedAt chapterStart:(NSTimeInterval)chapterStart {
    return MAX(chapterStart, stoppedAt - self.fade - kRewind);
}

- (void)warnOnce {
    if (self.hasWarned || ![self.delegate respondsToSelector:@selector(sleepTimerWillFade:)]) {
        return;
    }
    self.hasWarned = YES;
    [self.delegate sleepTimerWillFade:self];
}

@end

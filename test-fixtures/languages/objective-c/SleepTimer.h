#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

typedef NS_ENUM(NSInteger, SleepTimerMode) {
    SleepTimerModeMinutes,
    SleepTimerModeEndOfChapter,
};

@class SleepTimer;

@protocol SleepTimerDelegate <NSObject>
- (void)sleepTimer:(SleepTimer *)timer setVolume:(float)volume;
- (void)sleepTimerDidStopPlayback:(SleepTimer *)timer;
@optional
/// Only sent when the listener wants to be asked "are you still awake?".
- (void)sleepTimerWillFade:(SleepTimer *)timer;
@end

/// Ends an audiobook gently after the listener has fallen asleep.
@interface SleepTimer : NSObject

@property (nonatomic, weak, nullable) id<SleepTimerDelegate> delegate;
@property (nonatomic) SleepTimerMode mode;
@property (nonatomic, readonly) NSTimeInterval remaining;

- (instancetype)initWithMinutes:(NSInteger)minutes fade:(NSTimeInterval)fade;
- (void)tick:(NSTimeInterval)elapsed;
- (void)chapterDidEnd;
- (void)phoneWasShaken;

/// Where to go on next evening: a little before the place where the sound died away.
- (NSTimeInterval)resumePositionFrom:(NSTimeInterval)stoppedAt chapterStart:(NSTimeInterval)chapterStart;

@end

NS_ASSUME_NONNULL_END

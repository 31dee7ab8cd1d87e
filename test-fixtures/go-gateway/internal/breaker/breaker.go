// Package breaker stops calling a service that keeps failing, and tries it again after a rest.
package breaker

import (
	"errors"
	"sync"
	"time"
)

// ErrOpen is returned without making the call at all.
var ErrOpen = errors.New("circuit breaker is open")

// State of a breaker.
type State int

// Closed lets calls through, Open refuses them, HalfOpen lets one through as a trial.
const (
	Closed State = iota
	Open
	HalfOpen
)

// Settings say when a breaker trips and how long it rests.
type Settings struct {
	FailureRatio float64
	MinimumCalls int
	Rest         time.Duration
}

// DefaultSettings trip at one failure in two, once there have been twenty calls.
func DefaultSettings() Settings {
	return Settings{FailureRatio: 0.5, MinimumCalls: 20, Rest: 5 * time.Second}
}

// Breaker guards the calls to one service.
type Breaker struct {
	name     string
	settings Settings
	now      func() time.Time

	mu       sync.Mutex
	state    State
	openedAt time.Time
	calls    int
	failures int
}

// New makes a closed breaker.
func New(name string, settings Settings) *Breaker {
	return &Breaker{name: name, settings: settings, now: time.Now}
}

// Do makes the call unless the service is being left alone.
func (b *Breaker) Do(call func() error) error {
	if !b.admit() {
		return ErrOpen
	}
	err := call()
	b.settle(err == nil)
	return err
}

func (b *Breaker) admit() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.state {
	case Closed:
		return true
	case Open:
		if b.now().Sub(b.openedAt) < b.settings.Rest {
			return false
		}
		b.state = HalfOpen
		return true
	default:
		// One trial is under way; the others wait for its outcome.
		return false
	}
}

func (b *Breaker) settle(ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == HalfOpen {
		if ok {
			b.reset(Closed)
		} else {
			b.reset(Open)
		}
		return
	}
	b.calls++
	if !ok {
		b.failures++
	}
	if b.calls >= b.settings.MinimumCalls {
		if float64(b.failures)/float64(b.calls) >= b.settings.FailureRatio {
			b.reset(Open)
		} else {
			b.reset(Closed)
		}
	}
}

func (b *Breaker) reset(to State) {
	b.state, b.calls, b.failures = to, 0, 0
	if to == Open {
		b.openedAt = b.now()
	}
}

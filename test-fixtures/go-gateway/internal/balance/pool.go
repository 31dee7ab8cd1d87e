// Package balance spreads requests over the copies of a service.
package balance

import (
	"errors"
	"math/rand"
	"net/url"
	"sync/atomic"
)

// ErrEmpty means that every backend of the pool is down.
var ErrEmpty = errors.New("pool has no live backend")

// Backend is one copy of a service.
type Backend struct {
	URL    *url.URL
	active atomic.Int64
	down   atomic.Bool
}

// Done must be called once when a picked backend has answered.
func (b *Backend) Done() { b.active.Add(-1) }

// SetDown takes the backend out of rotation, or puts it back.
func (b *Backend) SetDown(down bool) { b.down.Store(down) }

// Pool is a fixed set of backends.
type Pool struct {
	backends []*Backend
	random   func(n int) int
}

// NewPool skips addresses that do not parse; the configuration has been checked before.
func NewPool(addresses []string) *Pool {
	p := &Pool{random: rand.Intn}
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil {
			p.backends = append(p.backends, &Backend{URL: u})
		}
	}
	return p
}

// Backends lists all copies, dead ones too.
func (p *Pool) Backends() []*Backend { return p.backends }

// Pick chooses the less busy of two copies drawn at random. That comes close to the least loaded of all
// without a lock, and unlike a strict minimum it does not send a whole crowd to a copy that has just started.
func (p *Pool) Pick() (*Backend, error) {
	live := make([]*Backend, 0, len(p.backends))
	for _, b := range p.backends {
		if !b.down.Load() {
			live = append(live, b)
		}
	}
	if len(live) == 0 {
		return nil, ErrEmpty
	}
	chosen := live[p.random(len(live))]
	if rival := live[p.random(len(live))]; rival.active.Load() < chosen.active.Load() {
		chosen = rival
	}
	chosen.active.Add(1)
	return chosen, nil
}

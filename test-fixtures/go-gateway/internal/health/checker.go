// Package health asks the services at intervals whether they are well.
package health

import (
	"context"
	"net/http"
	"sync"
	"time"

	"example.org/ferry/internal/balance"
)

// Checker probes backends. A single lost probe proves nothing: only several in a row change the state.
type Checker struct {
	Client    *http.Client
	Path      string
	Interval  time.Duration
	FallAfter int
	RiseAfter int

	mu      sync.Mutex
	streaks map[*balance.Backend]int
}

// Run probes all backends until ctx ends.
func (c *Checker) Run(ctx context.Context, backends []*balance.Backend) {
	ticker := time.NewTicker(c.Interval)
	defer ticker.Stop()
	for {
		var wg sync.WaitGroup
		for _, b := range backends {
			wg.Add(1)
			go func(b *balance.Backend) {
				defer wg.Done()
				c.record(b, c.probe(ctx, b))
			}(b)
		}
		wg.Wait()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (c *Checker) probe(ctx context.Context, b *balance.Backend) bool {
	ctx, cancel := context.WithTimeout(ctx, c.Interval/2)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL.JoinPath(c.Path).String(), nil)
	if err != nil {
		return false
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

// record counts good answers upwards from zero and bad ones downwards, and starts again at each change of sign.
func (c *Checker) record(b *balance.Backend, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streaks == nil {
		c.streaks = make(map[*balance.Backend]int)
	}
	streak := c.streaks[b]
	switch {
	case ok && streak < 0, !ok && streak > 0:
		streak = 0
	}
	if ok {
		streak++
	} else {
		streak--
	}
	c.streaks[b] = streak
	if streak >= c.RiseAfter {
		b.SetDown(false)
	}
	if streak <= -c.FallAfter {
		b.SetDown(true)
	}
}

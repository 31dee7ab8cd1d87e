package config

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"time"
)

// pollEvery is short enough for people and long enough for the disk.
const pollEvery = 2 * time.Second

// Watcher notices edits of the file and hands on what it now says, while traffic keeps flowing.
type Watcher struct {
	path    string
	apply   func(*Config)
	current *Config
	digest  [sha256.Size]byte
}

// NewWatcher compares contents and not times: mounted config maps change through a symlink, which keeps its own time.
func NewWatcher(path string, current *Config, apply func(*Config)) *Watcher {
	w := &Watcher{path: path, apply: apply, current: current}
	if data, err := os.ReadFile(path); err == nil {
		w.digest = sha256.Sum256(data)
	}
	return w
}

// Run polls until ctx ends. A broken edit is logged and the last good configuration stays in force.
func (w *Watcher) Run(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.poll()
		}
	}
}

func (w *Watcher) poll() {
	data, err := os.ReadFile(w.path)
	if err != nil {
		return
	}
	digest := sha256.Sum256(data)
	if digest == w.digest {
		return
	}
	w.digest = digest
	next, err := Load(w.path)
	if err != nil {
		slog.Error("configuration not reloaded, keeping the old one", "error", err)
		return
	}
	if next.Listen != w.current.Listen {
		slog.Warn("a new listen address takes effect only after a restart", "address", next.Listen)
	}
	w.current = next
	w.apply(next)
}

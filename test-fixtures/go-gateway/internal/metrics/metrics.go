// Package metrics counts what passes through and prints it for the scraper.
package metrics

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"sync"
	"time"
)

// Upper bounds of the latency buckets, in seconds.
var bounds = []float64{0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10}

type histogram struct {
	counts []uint64
	sum    float64
	total  uint64
}

// Registry holds one latency histogram per status class and method.
type Registry struct {
	mu     sync.Mutex
	series map[string]*histogram
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{series: make(map[string]*histogram)} }

// Observe records how long one request took.
func (r *Registry) Observe(method string, status int, took time.Duration) {
	key := fmt.Sprintf(`method=%q,class="%dxx"`, method, status/100)
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.series[key]
	if h == nil {
		h = &histogram{counts: make([]uint64, len(bounds))}
		r.series[key] = h
	}
	seconds := took.Seconds()
	h.sum += seconds
	h.total++
	for i, bound := range bounds {
		if seconds <= bound {
			h.counts[i]++
		}
	}
}

// WriteText prints everything in the text exposition format, in a stable order.
func (r *Registry) WriteText(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]string, 0, len(r.series))
	for key := range r.series {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		h := r.series[key]
		for i, bound := range bounds {
			fmt.Fprintf(w, "ferry_request_seconds_bucket{%s,le=\"%g\"} %d\n", key, bound, h.counts[i])
		}
		fmt.Fprintf(w, "ferry_request_seconds_bucket{%s,le=\"+Inf\"} %d\n", key, h.total)
		fmt.Fprintf(w, "ferry_request_seconds_sum{%s} %g\n", key, h.sum)
		fmt.Fprintf(w, "ferry_request_seconds_count{%s} %d\n", key, h.total)
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Middleware measures every request that passes.
func (r *Registry) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		started := time.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, req)
		r.Observe(req.Method, sw.status, time.Since(started))
	})
}

// Package proxy finds the service for a request and forwards it.
package proxy

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"

	"example.org/ferry/internal/balance"
	"example.org/ferry/internal/breaker"
	"example.org/ferry/internal/config"
	"example.org/ferry/internal/metrics"
)

// ErrNoRoute means that no configured prefix matches the path.
var ErrNoRoute = errors.New("no route matches the request path")

type route struct {
	prefix  string
	strip   bool
	pool    *balance.Pool
	breaker *breaker.Breaker
}

// Router forwards each request to the service with the longest matching path prefix.
type Router struct {
	table    atomic.Pointer[[]route]
	registry *metrics.Registry
}

// NewRouter builds a router from the first configuration.
func NewRouter(cfg *config.Config, registry *metrics.Registry) *Router {
	r := &Router{registry: registry}
	r.Apply(cfg)
	return r
}

// Apply swaps the whole table at once: a request sees the old routes or the new, never a mixture.
func (r *Router) Apply(cfg *config.Config) {
	table := make([]route, 0, len(cfg.Routes))
	for _, rc := range cfg.Routes {
		table = append(table, route{
			prefix:  rc.Prefix,
			strip:   rc.StripPrefix,
			pool:    balance.NewPool(rc.Backends),
			breaker: breaker.New(rc.Prefix, breaker.DefaultSettings()),
		})
	}
	r.table.Store(&table)
}

func (r *Router) match(path string) (*route, error) {
	var best *route
	table := *r.table.Load()
	for i := range table {
		candidate := &table[i]
		if strings.HasPrefix(path, candidate.prefix) && (best == nil || len(candidate.prefix) > len(best.prefix)) {
			best = candidate
		}
	}
	if best == nil {
		return nil, ErrNoRoute
	}
	return best, nil
}

// ServeHTTP implements http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	rt, err := r.match(req.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	backend, err := rt.pool.Pick()
	if err != nil {
		http.Error(w, "no healthy upstream for "+rt.prefix, http.StatusServiceUnavailable)
		return
	}
	defer backend.Done()
	err = rt.breaker.Do(func() error { return forward(w, req, backend.URL, rt) })
	if errors.Is(err, breaker.ErrOpen) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "upstream is resting", http.StatusServiceUnavailable)
	}
}

func forward(w http.ResponseWriter, req *http.Request, target *url.URL, rt *route) error {
	var failure error
	p := &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			pr.SetXForwarded()
			if rt.strip {
				pr.Out.URL.Path = "/" + strings.TrimPrefix(strings.TrimPrefix(pr.In.URL.Path, rt.prefix), "/")
			}
			removeHopHeaders(pr.Out.Header)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			failure = err
			http.Error(w, "bad gateway", http.StatusBadGateway)
		},
	}
	p.ServeHTTP(w, req)
	return failure
}

// Command gateway accepts traffic from outside and passes it to the services behind it.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/ferry/internal/config"
	"example.org/ferry/internal/metrics"
	"example.org/ferry/internal/middleware"
	"example.org/ferry/internal/proxy"
	"example.org/ferry/internal/tlsutil"
)

// drainTimeout is how long open requests may take to finish after a stop signal.
const drainTimeout = 25 * time.Second

func main() {
	path := flag.String("config", "ferry.json", "path of the configuration file")
	flag.Parse()
	if err := run(*path); err != nil {
		slog.Error("gateway stopped", "error", err)
		os.Exit(1)
	}
}

func run(path string) error {
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	registry := metrics.NewRegistry()
	router := proxy.NewRouter(cfg, registry)
	watcher := config.NewWatcher(path, cfg, router.Apply)

	certs, err := tlsutil.NewReloader(cfg.CertFile, cfg.KeyFile)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              cfg.Listen,
		Handler:           middleware.Chain(router, middleware.RequestID, middleware.Recover, registry.Middleware),
		TLSConfig:         tlsutil.ServerConfig(certs),
		ReadHeaderTimeout: 5 * time.Second,
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go watcher.Run(ctx)
	go certs.Run(ctx, time.Minute)

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServeTLS("", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return shutDownGently(server)
}

// shutDownGently stops taking connections and waits for requests in flight, so that a deployment drops none.
func shutDownGently(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Package tlsutil serves certificates that are renewed while the gateway runs.
package tlsutil

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// warnBefore is how long before its end a certificate is complained about.
const warnBefore = 14 * 24 * time.Hour

// Reloader hands the newest certificate to each handshake.
type Reloader struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
	modified          time.Time
}

// NewReloader fails when the first pair cannot be loaded.
func NewReloader(certFile, keyFile string) (*Reloader, error) {
	r := &Reloader{certFile: certFile, keyFile: keyFile}
	return r, r.reload()
}

func (r *Reloader) reload() error {
	info, err := os.Stat(r.certFile)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if info.ModTime().Equal(r.modified) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(r.certFile, r.keyFile)
	if err != nil {
		return fmt.Errorf("certificate and key do not belong together: %w", err)
	}
	r.modified = info.ModTime()
	r.current.Store(&pair)
	return nil
}

// Run looks for a renewed pair at intervals and warns when the present one is about to expire.
func (r *Reloader) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := r.reload(); err != nil {
			slog.Error("keeping the old certificate", "error", err)
		}
		if leaf, err := x509.ParseCertificate(r.current.Load().Certificate[0]); err == nil {
			if left := time.Until(leaf.NotAfter); left < warnBefore {
				slog.Warn("certificate expires soon", "days", int(left.Hours()/24))
			}
		}
	}
}

// ServerConfig refuses protocol versions that are no longer safe.
func ServerConfig(r *Reloader) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return r.current.Load(), nil
		},
	}
}

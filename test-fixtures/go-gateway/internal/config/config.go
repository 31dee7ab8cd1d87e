// Package config reads the gateway's settings and keeps them current.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Route sends paths under Prefix to one of Backends.
type Route struct {
	Prefix      string   `json:"prefix"`
	StripPrefix bool     `json:"strip_prefix"`
	Backends    []string `json:"backends"`
}

// Config is the whole file.
type Config struct {
	Listen   string  `json:"listen"`
	CertFile string  `json:"cert_file"`
	KeyFile  string  `json:"key_file"`
	Routes   []Route `json:"routes"`
}

// Load reads and checks a file. Unknown fields are errors: a misspelt key must not be ignored in silence.
func Load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open configuration: %w", err)
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var cfg Config
	if err := decoder.Decode(&cfg); err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("invalid configuration %s: %w", path, err)
	}
	return &cfg, nil
}

func (c *Config) validate() error {
	var problems []error
	if c.Listen == "" {
		problems = append(problems, errors.New("listen address is missing"))
	}
	seen := make(map[string]bool)
	for i, route := range c.Routes {
		if !strings.HasPrefix(route.Prefix, "/") {
			problems = append(problems, fmt.Errorf("route %d: prefix %q must begin with a slash", i, route.Prefix))
		}
		if seen[route.Prefix] {
			problems = append(problems, fmt.Errorf("route %d: prefix %q is used twice", i, route.Prefix))
		}
		seen[route.Prefix] = true
		for _, backend := range route.Backends {
			if u, err := url.Parse(backend); err != nil || u.Host == "" {
				problems = append(problems, fmt.Errorf("route %d: %q is no backend URL", i, backend))
			}
		}
	}
	return errors.Join(problems...)
}

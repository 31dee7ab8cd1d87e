package proxy

import (
	"net"
	"net/http"
	"strings"
)

// Headers that concern one connection only and must not travel on to the next.
var hopHeaders = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding",
}

// removeHopHeaders also drops what the Connection header itself names.
func removeHopHeaders(h http.Header) {
	for _, value := range h.Values("Connection") {
		for _, name := range strings.Split(value, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopHeaders {
		h.Del(name)
	}
}

// ClientIP tells who really asked. X-Forwarded-For is believed only from right to left, and only as far as
// the addresses belong to our own proxies: anything further left may have been made up by the caller.
func ClientIP(req *http.Request, trusted []*net.IPNet) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		host = req.RemoteAddr
	}
	if !isTrusted(host, trusted) {
		return host
	}
	hops := strings.Split(req.Header.Get("X-Forwarded-For"), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" {
			continue
		}
		if !isTrusted(hop, trusted) {
			return hop
		}
		host = hop
	}
	return host
}

func isTrusted(address string, trusted []*net.IPNet) bool {
	ip := net.ParseIP(address)
	for _, network := range trusted {
		if ip != nil && network.Contains(ip) {
			return true
		}
	}
	return false
}

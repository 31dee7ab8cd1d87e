// Loaded before every Node under Wine, where setsockopt(SO_KEEPALIVE) fails on a socket that has no connection yet.
// Windows takes it.
const { Socket } = require('node:net');

const setKeepAlive = Socket.prototype.setKeepAlive;
Socket.prototype.setKeepAlive = function (...args) {
  return this.connecting ? this : setKeepAlive.apply(this, args);
};

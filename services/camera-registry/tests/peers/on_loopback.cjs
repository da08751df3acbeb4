// Loaded before the peer: it would listen on every interface and on a fixed port. What it says is left alone.
const dgram = require("node:dgram");
const net = require("node:net");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port) {
  return listen.call(this, Number(port), "127.0.0.1");
};

const bind = dgram.Socket.prototype.bind;
dgram.Socket.prototype.bind = function (port, listening) {
  const wanted = port === 3702 ? Number(process.env.DISCOVERY_PORT) : port;
  return bind.call(this, { port: wanted, address: "127.0.0.1" }, listening);
};
dgram.Socket.prototype.addMembership = () => undefined;

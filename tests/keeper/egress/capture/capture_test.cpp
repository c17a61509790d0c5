// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/capture.h"

#include "tests/keeper/egress/capture/captured_sandbox.h"

#include <chrono>
#include <gtest/gtest.h>
#include <iostream>

using namespace caisson;
using namespace caisson::test;

TEST(Proto, works)
{
    for (As as : {As::Root, As::User}) {
        asKeeper(as, [&] {
            for (int i = 0; i < 5; ++i) {
                Sandbox sandbox;
                const auto start = std::chrono::steady_clock::now();
                auto sockets = keeper::captureNetwork(sandbox.init());
                const auto took = std::chrono::steady_clock::now() - start;
                std::cout << std::chrono::duration<double, std::milli>(took).count() << " ms\n";
                ASSERT_TRUE(sockets) << sockets.error().message;
                if (i == 0) {
                    std::cout << sandbox.run([] {
                        std::string all;
                        FILE* p = popen("ip addr; ip route show table all; cat > /tmp/p.py <<'X'\nimport socket,time\n"
                        "for f,a in ((2,'203.0.113.5'),(10,'2001:db8::1'),(2,'169.254.169.254'),(2,'127.0.0.1'),(2,'198.18.0.2'),(10,'::1')):\n"
                        "  for port in (443,1,53):\n"
                        "    t=time.time(); s=socket.socket(f); s.settimeout(1)\n"
                        "    try: s.connect((a,port)); print(a,port,'ok',s.getsockname(),s.getpeername(),time.time()-t)\n"
                        "    except OSError as e: print(a,port,e,time.time()-t)\n"
                        "  s=socket.socket(f,2); s.settimeout(1)\n"
                        "  for n in range(2):\n"
                        "    try: print(a,s.sendto(b'x',(a,443)))\n"
                        "    except OSError as e: print(a,'udp',e)\n"
                        "  s=socket.socket(f,2); s.settimeout(1)\n"
                        "  s.connect((a,443))\n"
                        "  for n in range(2):\n"
                        "    try: print(a,s.send(b'x'))\n"
                        "    except OSError as e: print(a,'udp c',e)\n"
                        "    try: print(a,s.recv(100))\n"
                        "    except OSError as e: print(a,'udp r',e)\n"
                        "X\n/usr/bin/python3 /tmp/p.py 2>&1", "r");
                        char b[4096]; size_t n;
                        while ((n = fread(b, 1, sizeof b, p)) > 0) all.append(b, n);
                        pclose(p);
                        return all;
                    }) << std::endl;
                    while (auto c = keeper::acceptCaptured(sockets->tcp4.get()))
                        std::cout << c->destination.toString() << " " << c->port << " from " << c->source.toString() << " " << c->sourcePort << "\n";
                    while (auto c = keeper::acceptCaptured(sockets->tcp6.get()))
                        std::cout << c->destination.toString() << " " << c->port << " from " << c->source.toString() << " " << c->sourcePort << "\n";
                }
            }
        });
    }
}

"""The demo: a café with members and history, and a phone in the browser.

Loopback only. Everything goes through the same domain functions, web service and
pushes as in a shop; only Apple and the phone are stand-ins.
"""

import os

from bottle import route, run


@route("/")
def home():
    return "Hello from Bottle by Poetry\n"


run(host="0.0.0.0", port=int(os.environ["PORT"]), quiet=True)

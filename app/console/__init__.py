"""Page doors: server-rendered, whole without JavaScript; who may open which page is the table in `rights`."""

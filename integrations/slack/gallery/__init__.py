"""Every state that people can see, as examples and as one page with pictures: `slipway gallery`."""

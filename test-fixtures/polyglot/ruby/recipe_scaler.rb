# frozen_string_literal: true

module Kitchen
  # An amount of something, such as 250 grams of flour.
  Ingredient = Struct.new(:name, :amount, :unit, keyword_init: true)

  # Fits a recipe to another number of guests and rounds to what a cook can measure.
  class RecipeScaler
    # Teaspoons in each spoon and cup, so that 6 tsp can become 2 tbsp.
    VOLUME_IN_TSP = { 'tsp' => 1, 'tbsp' => 3, 'cup' => 48 }.freeze

    # Raising agents do not grow in proportion: twice the dough needs less than twice the yeast.
    SUBLINEAR = { 'yeast' => 0.85, 'baking powder' => 0.9, 'salt' => 0.95 }.freeze

    def initialize(servings:)
      raise ArgumentError, 'a recipe serves at least one person' unless servings.positive?

      @servings = servings
    end

    # @return [Array<Ingredient>] the same ingredients for +guests+ people
    def scale(ingredients, guests:)
      factor = guests.fdiv(@servings)
      ingredients.map do |ingredient|
        grown = ingredient.amount * factor**SUBLINEAR.fetch(ingredient.name, 1.0)
        tidy(Ingredient.new(name: ingredient.name, amount: grown, unit: ingredient.unit))
      end
    end

    private

    def tidy(ingredient)
      return round_weight(ingredient) unless VOLUME_IN_TSP.key?(ingredient.unit)

      teaspoons = ingredient.amount * VOLUME_IN_TSP[ingredient.unit]
      unit, size = VOLUME_IN_TSP.to_a.reverse.find { |_, tsp| teaspoons >= tsp } || ['tsp', 1]
      Ingredient.new(name: ingredient.name, amount: (teaspoons / size * 4).round / 4.0, unit: unit)
    end

    def round_weight(ingredient)
      step = ingredient.amount > 100 ? 5 : 1
      Ingredient.new(name: ingredient.name, amount: (ingredient.amount / step).round * step, unit: ingredient.unit)
    end
  end
end

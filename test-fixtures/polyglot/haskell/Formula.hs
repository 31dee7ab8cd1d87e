-- | Reads and works out the formulas that people type into the cells of a spreadsheet.
module Formula
  ( Expr (..)
  , evaluate
  , parseFormula
  ) where

import Data.Char (isAlpha, isDigit, isSpace)
import qualified Data.Map as Map

data Expr
  = Number Double
  | Cell String
  | BinOp Char Expr Expr
  deriving (Eq, Show)

newtype Parser a = Parser { runParser :: String -> Maybe (a, String) }

instance Functor Parser where
  fmap f (Parser p) = Parser $ \input -> case p input of
    Nothing -> Nothing
    Just (value, rest) -> Just (f value, rest)

instance Applicative Parser where
  pure value = Parser $ \input -> Just (value, input)
  Parser pf <*> Parser pa = Parser $ \input -> case pf input of
    Nothing -> Nothing
    Just (f, rest) -> case pa rest of
      Nothing -> Nothing
      Just (value, rest') -> Just (f value, rest')

instance Monad Parser where
  Parser p >>= next = Parser $ \input -> case p input of
    Nothing -> Nothing
    Just (value, rest) -> runParser (next value) rest

-- | One or more characters that satisfy a predicate, and the blanks after them.
takeWhile1 :: (Char -> Bool) -> Parser String
takeWhile1 wanted = Parser $ \input -> case span wanted input of
  ("", _) -> Nothing
  (token, rest) -> Just (token, dropWhile isSpace rest)

-- | Parses operands joined by operators of one level of precedence, from left to right.
chainLeft :: [Char] -> Parser Expr -> Parser Expr
chainLeft operators operand = operand >>= go
  where
    go left = Parser $ \input -> case input of
      (op : rest) | op `elem` operators ->
        runParser (operand >>= \right -> go (BinOp op left right)) (dropWhile isSpace rest)
      _ -> Just (left, input)

atom :: Parser Expr
atom = Parser $ \input -> case input of
  ('(' : rest) -> case runParser expression (dropWhile isSpace rest) of
    Just (inner, ')' : after) -> Just (inner, dropWhile isSpace after)
    _ -> Nothing
  (c : _)
    | isDigit c -> runParser (Number . read <$> takeWhile1 isDigit) input
    | isAlpha c -> runParser (Cell <$> takeWhile1 (\x -> isAlpha x || isDigit x)) input
  _ -> Nothing

expression :: Parser Expr
expression = chainLeft "+-" (chainLeft "*/" atom)

-- | 'Nothing' when anything is left over that makes no sense.
parseFormula :: String -> Maybe Expr
parseFormula input = case runParser expression (dropWhile isSpace input) of
  Just (expr, "") -> Just expr
  _ -> Nothing

-- | Division by zero and unknown cells are reported in words.
evaluate :: Map.Map String Double -> Expr -> Either String Double
evaluate _ (Number n) = Right n
evaluate cells (Cell name) = maybe (Left ("unknown cell " ++ name)) Right (Map.lookup name cells)
evaluate cells (BinOp op a b) = do
  x <- evaluate cells a
  y <- evaluate cells b
  case op of
    '+' -> Right (x + y)
    '-' -> Right (x - y)
    '*' -> Right (x * y)
    _ | y == 0 -> Left "division by zero"
      | otherwise -> Right (x / y)
